"""`python -m benchmarks [name…]`: run benchmarks, and print what they say as it comes.

A goal that is missed is a figure like any other; only a benchmark that breaks makes this fail.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.figure import Figure
from workers.runtime.logs import configure_logs

NAMES = (
    "deciding",
    "planning",
    "contexts",
    "replay",
    "judged",
    "receiver",
    "fan_out",
    "scale",
    "disk",
    "watching",
    "footprint",
    "pages",
    "deploying",
    "many_changed",
)
"""In order: from what needs nothing but Git to what needs a whole Tegu."""

_WIDTHS = {"question": 38, "measured": 11, "floor": 11, "ratio": 6, "goal": 10, "met": 6, "remark": 44}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named benchmarks, or all.

    Returns:
        The exit code: 1 if one broke.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Tegu against its floors.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(NAMES)}; all by default")
    parser.add_argument("--json", action="store_true", help="print one list of objects in the end")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(NAMES))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    configure_logs(level=logging.ERROR)
    console = Console(stderr=options.json, highlight=False, width=None if sys.stdout.isatty() else 140)
    wanted = [name for name in NAMES if name in options.names] or list(NAMES)
    return run({name: _measure_of(name) for name in wanted}, console, as_json=options.json)


def run(benchmarks: dict[str, Callable[[], Iterable[Figure]]], console: Console, *, as_json: bool) -> int:
    """Run benchmarks, print each figure when it is there, and JSON in the end if that is wanted."""
    console.print(_table(header=True))
    found: list[dict[str, object]] = []
    broken = []
    for name, measure in benchmarks.items():
        started = time.monotonic()
        try:
            for figure in measure():
                found.append({"benchmark": name, **figure.to_json()})
                console.print(_table(figure))
        except Exception:  # noqa: BLE001 (the others are still of interest)
            broken.append(name)
            console.print_exception()
        console.print(f"[dim]{name}: {time.monotonic() - started:.0f} s[/dim]")
    if as_json:
        print(json.dumps(found, indent=2))
    if broken:
        console.print(f"[red]broken: {', '.join(broken)}[/red]")
    return 1 if broken else 0


def _measure_of(name: str) -> Callable[[], Iterable[Figure]]:
    """A benchmark that is imported when its turn comes: one that cannot be imported breaks alone."""

    def measure() -> Iterator[Figure]:
        yield from import_module(f"benchmarks.{name}").measure()

    return measure


def _table(figure: Figure | None = None, *, header: bool = False) -> Table:
    """A table of one line; equal widths make all of them one."""
    table = Table(box=None, show_header=header, padding=(0, 1, 0, 0), header_style="bold")
    for name, width in _WIDTHS.items():
        numeric = name in {"measured", "floor", "ratio"}
        table.add_column(name, width=width, justify="right" if numeric else "left", overflow="fold")
    if figure is not None:
        table.add_row(*_cells(figure))
    return table


def _cells(figure: Figure) -> list[Text]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    goal = "" if figure.goal is None else f"≤ {number(figure.goal, 'x' if figure.floor is not None else figure.unit)}"
    met = {True: Text("yes", "green"), False: Text("missed", "yellow"), None: Text("")}[figure.met]
    floor = "" if figure.floor is None else number(figure.floor, figure.unit)
    texts = [Text(each) for each in (figure.question, number(figure.measured, figure.unit), floor, ratio, goal)]
    return [*texts, met, Text(figure.remark, "dim")]


def number(value: float, unit: str) -> str:
    """A value with its unit and the digits that count."""
    size = abs(value)
    if size < 1 and value != int(value):
        text = f"{value:.4f}".rstrip("0")
    else:
        digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
        text = f"{value:,.{digits}f}"
    return text + (unit if unit in {"", "x"} else f" {unit}")


if __name__ == "__main__":
    sys.exit(main())
