#!/usr/bin/env python3
"""Mutation check of change detection: mutmut changes each rule a little, and the table tests should fail for it.

Ends after ten minutes with what it knows by then; a further call goes on from there. Prints what no test minded, which
docs/reference/mutation.md gives reasons for. Configured in pyproject.toml.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
SECONDS = int(os.environ.get("MUTATION_SECONDS", "600"))


def main() -> int:
    """Run it and print the survivors."""
    process = subprocess.Popen([MUTMUT, "run", *sys.argv[1:]], cwd=ROOT, start_new_session=True)
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        print(f"\nstopped after {SECONDS} seconds; what was not tried yet is left for the next call")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
    results = subprocess.run([MUTMUT, "results", "--all", "true"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [line.strip().rpartition(": ")[::2] for line in results.stdout.splitlines() if ": " in line]
    for name, _ in (pair for pair in found if pair[1] == "survived"):
        shown = subprocess.run([MUTMUT, "show", name], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        lines = [line for line in shown.splitlines() if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}]
        print(name, *(f"    {line[0]} {line[1:].strip()}" for line in lines), sep="\n")
    print(", ".join(f"{count} {status}" for status, count in sorted(Counter(status for _, status in found).items())))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
