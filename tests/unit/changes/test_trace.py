from __future__ import annotations

import pytest

from tests.unit.changes.worlds import KEY, LIVE, DictOutside, DictTree, Files, Link, Objects, Submodule
from workers.changes.trace import NO_LIVE, Trace, is_there
from workers.model.errors import InvalidStack
from workers.model.words import Entry


def trace_of(files: Files, host: dict[str, str] | None = None, live: str | None = LIVE) -> Trace:
    return Trace(DictTree(Objects(), files), DictOutside(host, live), KEY)


def test_a_path_that_is_there_is_one_entry() -> None:
    trace = trace_of({"a/b/c.txt": "x"})
    found = trace.find("a/b/c.txt")
    assert found.path == "a/b/c.txt"
    assert list(trace.entries) == ["a/b/c.txt"]
    assert trace.folders == {}


def test_the_root_is_a_path_too() -> None:
    trace = trace_of({"a": "x"})
    assert trace.find("").entry == trace.entries[""]


def test_an_absent_path_is_recorded_with_the_folder_it_was_looked_for_in() -> None:
    trace = trace_of({"a/b/c.txt": "x"})
    assert trace.find("a/b/d.txt").entry is None
    assert trace.entries == {"a/b/d.txt": None}
    assert trace.folders == {"a/b": True}


def test_absent_folders_on_the_way_must_not_become_symlinks() -> None:
    trace = trace_of({"a/b": "x"})
    trace.find("a/x/y/z")
    assert trace.folders == {"a": True, "a/x": False, "a/x/y": False}


def test_below_a_file_there_is_nothing() -> None:
    trace = trace_of({"a/b": "x"})
    assert trace.find("a/b/c").entry is None
    assert trace.folders == {"a": True, "a/b": False}


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("", True),
        ("real/stack", True),
        ("link/stack", True),
        ("link/none", False),
        ("none/stack", False),
        ("dangling", True),
        ("dangling/stack", False),
        ("out/stack", True),
        ("circle/stack", True),
    ],
)
def test_what_a_path_leads_to_is_there_whatever_links_it_passes(path: str, there: bool) -> None:
    links = {"link": Link("real"), "dangling": Link("none"), "out": Link("/etc"), "circle": Link("circle")}
    assert is_there(DictTree(Objects(), {"real/stack/compose.yaml": "x", **links}), path) is there


def test_at_the_root_no_folder_needs_to_be_watched() -> None:
    trace = trace_of({"a": "x"})
    trace.find("b")
    assert trace.folders == {}


@pytest.mark.parametrize(
    ("link", "target", "path", "ends"),
    [
        ("a/link", "real.txt", "a/link", "a/real.txt"),
        ("a/link", "./real.txt", "a/link", "a/real.txt"),
        ("a/link", "../c/deep", "a/link/x.txt", "c/deep/x.txt"),
        ("link", "a", "link/real.txt", "a/real.txt"),
        ("a/link", "..", "a/link", ""),
    ],
)
def test_a_symlink_is_followed_inside_the_repository_and_is_an_entry(
    link: str, target: str, path: str, ends: str
) -> None:
    trace = trace_of({"a/real.txt": "x", "c/deep/x.txt": "y", link: Link(target)})
    found = trace.find(path)
    assert found.path == ends
    assert found.entry is not None
    assert set(trace.entries) == {link, ends}
    assert found.paths == (link, ends)


def test_a_symlink_resolves_upwards_from_where_it_really_is() -> None:
    trace = trace_of({"x/y/z.txt": "z", "x/w.txt": "w", "a/up": Link("../l/../w.txt"), "l": Link("x/y")})
    assert trace.find("a/up").path == "x/w.txt"
    assert set(trace.entries) == {"a/up", "l", "x/w.txt"}


def test_a_dangling_symlink_leads_to_an_absent_path() -> None:
    trace = trace_of({"a/link": Link("gone/x")})
    assert trace.find("a/link").path == "a/gone/x"
    assert trace.entries["a/gone/x"] is None


@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "../.."])
def test_a_symlink_that_leads_out_is_refused(target: str) -> None:
    with pytest.raises(InvalidStack, match=r"^the symlink a/link leads out of the repository"):
        trace_of({"a/link": Link(target)}).find("a/link")


def test_symlinks_in_a_circle_are_refused() -> None:
    with pytest.raises(InvalidStack, match="circles"):
        trace_of({"a": Link("b"), "b": Link("a")}).find("a")


def test_a_submodule_is_refused_by_name() -> None:
    with pytest.raises(InvalidStack, match="who: vendor is a submodule"):
        trace_of({"vendor": Submodule("1" * 40)}).find("vendor/x", "who")


def test_a_file_is_read_from_git_before_the_host() -> None:
    trace = trace_of({"app/.env": "A=git"}, {f"{LIVE}/app/.env": "A=host"})
    read = trace.read(f"{LIVE}/app/.env", "who")
    assert read.content == b"A=git"
    assert trace.outside == {}


def test_what_git_lacks_is_read_from_the_live_directory_and_kept_as_a_keyed_digest() -> None:
    trace = trace_of({"app/x": ""}, {f"{LIVE}/app/.env": "A=host"})
    read = trace.read(f"{LIVE}/app/.env", "who")
    assert (read.content, read.inputs, read.paths) == (b"A=host", ("file:app/.env",), ("app/.env",))
    assert trace.entries["app/.env"] is None
    digest = trace.outside["app/.env"]
    assert digest
    assert "host" not in digest


def test_an_absolute_path_is_read_from_the_host() -> None:
    trace = trace_of({"x": ""}, {"/etc/app.env": "A=1"})
    assert trace.read("/etc/app.env", "who").inputs == ("file:/etc/app.env",)
    assert trace.entries == {}


def test_a_required_file_that_is_nowhere_says_where_to_put_it() -> None:
    with pytest.raises(
        InvalidStack, match=rf"who: app/.env is neither in Git nor on this host; put it at {LIVE}/app/.env"
    ):
        trace_of({"x": ""}).read(f"{LIVE}/app/.env", "who")


def test_an_optional_file_that_is_nowhere_is_recorded_as_absent() -> None:
    trace = trace_of({"x": ""})
    assert trace.read(f"{LIVE}/.env", "who", required=False).content is None
    assert trace.entries == {".env": None}
    assert trace.outside == {".env": None}


def test_without_a_host_a_required_file_is_taken_for_empty_with_a_warning() -> None:
    trace = trace_of({"x": ""}, live=None)
    assert trace.read(f"{NO_LIVE}/.env", "who").content == b""
    assert list(trace.warnings) == ["who: .env is not in Git"]


def test_a_folder_is_no_file() -> None:
    trace = trace_of({"d/x": ""})
    assert trace.read(f"{LIVE}/d", "who", required=False).content is None
    with pytest.raises(InvalidStack, match="who: d is a folder"):
        trace.read(f"{LIVE}/d", "who")


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(InvalidStack, match=r"^who: x has 11 bytes; at most 10"):
        trace_of({"x": "12345678901"}).read(f"{LIVE}/x", "who", limit=10)


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("x", f"{LIVE}/app/x"),
        ("./x/../y", f"{LIVE}/app/y"),
        ("../x", f"{LIVE}/x"),
        ("..", LIVE),
        ("/abs", "/abs"),
        ("~", "/home/tegu"),
        ("~/x", "/home/tegu/x"),
        ("~x", "/home/tegu/x"),
    ],
)
def test_paths_are_joined_as_compose_does(text: str, location: str) -> None:
    assert trace_of({}).join(f"{LIVE}/app", text, "who") == location


def test_without_a_home_a_tilde_is_a_name() -> None:
    trace = trace_of({})
    trace._outside.environ.pop("HOME")  # type: ignore[attr-defined]
    assert trace.join(f"{LIVE}/app", "~/x", "who") == f"{LIVE}/app/~/x"


def test_a_file_elsewhere_on_the_host_is_to_be_mounted_where_the_worker_runs_in_a_container() -> None:
    with pytest.raises(InvalidStack) as caught:
        trace_of({}).read("/etc/tegu/x.env", "who")
    assert str(caught.value).endswith(
        "who: /etc/tegu/x.env is neither in Git nor on this host; put it at /etc/tegu/x.env "
        "(where the worker runs in a container, mount it there at the same path)"
    )
    with pytest.raises(InvalidStack, match=f"put it at {LIVE}/x.env$"):
        trace_of({}).read(f"{LIVE}/x.env", "who")


@pytest.mark.parametrize("text", ["../../x", "../../../../etc/passwd"])
def test_a_relative_path_must_stay_in_the_repository(text: str) -> None:
    with pytest.raises(InvalidStack, match=r"who: .* leads out of the repository"):
        trace_of({}).join(f"{LIVE}/app", text, "who")


def test_relative_paths_of_a_file_outside_the_repository_stay_outside() -> None:
    assert trace_of({}).join("/etc/stacks", "../x", "who") == "/etc/x"


def test_a_null_byte_is_no_path() -> None:
    with pytest.raises(InvalidStack, match="is no path"):
        trace_of({}).join(LIVE, "a\0b", "who")


def test_locations_and_repository_paths_are_two_names_of_one_thing() -> None:
    trace = trace_of({})
    assert trace.location("") == LIVE
    assert trace.repository_path(LIVE) == ""
    assert trace.repository_path(trace.location("a/b")) == "a/b"
    assert trace.repository_path(LIVE + "x/a") is None


def test_an_executable_and_a_file_are_different_entries() -> None:
    assert Entry(0o100644, "1") != Entry(0o100755, "1")
