"""Whatever was started can be found and ended, even when its own parent is gone."""

from __future__ import annotations

import sys

from workers.runtime.process import run

_SCRIPT = """
import os, signal, subprocess, sys, tempfile, time
from app.up.offspring import adopt_orphans, descendants, end_descendants
adopt_orphans()
# A child that leaves a stubborn grandchild behind, in a session of its own, and ends.
with tempfile.TemporaryDirectory() as folder:
    deaf = folder + "/deaf"
    stubborn = f"setsid sh -c 'trap \\"\\" TERM; : > {deaf}; while :; do sleep 0.1; done'"
    subprocess.run(["sh", "-c", stubborn + " & setsid sleep 60 &"])
    deadline = time.monotonic() + 5
    while not os.path.exists(deaf) and time.monotonic() < deadline:
        time.sleep(0.01)
while len(descendants()) < 2 and time.monotonic() < deadline:
    time.sleep(0.01)
started = time.monotonic()
found = end_descendants(grace=0.5)
assert len(found) >= 2, found
assert descendants() == []
assert 0.4 < time.monotonic() - started < 5
assert end_descendants() == []
"""

_END_WITH_PARENT = """
import os, sys, time
from app.up.offspring import end_with_parent
reading, writing = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        end_with_parent()
        os.close(reading)
        os.write(writing, b"ready")
        time.sleep(60)
    os.close(writing)
    os.read(reading, 5)
    os._exit(0)
os.close(writing)
os.wait()
assert os.read(reading, 10) == b""  # the grandchild, which held the other end, has gone with its parent
"""


def test_orphans_are_adopted_and_ended() -> None:
    run([sys.executable, "-c", _SCRIPT], what="script", env={"PATH": "/usr/bin:/bin"}, timeout=20)


def test_a_child_ends_with_its_parent() -> None:
    run([sys.executable, "-c", _END_WITH_PARENT], what="script", env={"PATH": "/usr/bin:/bin"}, timeout=20)
