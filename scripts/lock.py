"""Pins every requirement, with hashes and without any address, for Python 3.11 and later.

uv resolves for every platform and version at once, which pip cannot; it is installed into a folder that is
gone afterwards.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write requirements.txt (what Tegu needs), requirements-dev.txt (with its tools) and requirements-compose.txt."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        program = Path(folder, "bin")
        subprocess.run([program / "pip", "install", "--quiet", "uv"], check=True)
        common = [
            *(program / "uv", "pip", "compile", "--universal", "--python-version", "3.11"),
            *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"),
            # pip before 23.3 takes `coverage[toml]` for another package than `coverage`, and so for one without a pin.
            *("--no-annotate", "--no-strip-extras", "--upgrade"),
        ]
        tegu = ["pyproject.toml", "--extra", "embedded"]
        for wanted, name in (
            (tegu, "requirements.txt"),
            ([*tegu, "--group", "dev"], "requirements-dev.txt"),
            (["--group", "compose"], "requirements-compose.txt"),
        ):
            subprocess.run([*common, *wanted, "--output-file", name], check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
