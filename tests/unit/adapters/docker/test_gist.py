"""Of what Compose prints when it fails, the error: outputs of Compose 2.26.1 and 5.6.1, word for word."""

from __future__ import annotations

import pytest

from workers.adapters.docker.gist import gist, gist_of_pull

NO_IMAGE = "Error response from daemon: No such image: localhost:1/none:1"
NO_COMMAND = (
    "Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to "
    'start container process: exec: "nosuchcommand": executable file not found in $PATH: unknown'
)
UNHEALTHY = "dependency failed to start: container e-a-1 is unhealthy"
REFUSED = 'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'
STEP = """\
#5 [a 2/2] RUN echo one two; echo error of mine >&2; exit 7
#5 0.411 one two
#5 0.412 error of mine
#5 ERROR: executor failed running [/bin/sh -c echo one two; echo error of mine >&2; exit 7]: exit code: 7
------
 > [a 2/2] RUN echo one two; echo error of mine >&2; exit 7:
0.411 one two
0.412 error of mine
------
failed to solve: executor failed running [/bin/sh -c echo one two; echo error of mine >&2; exit 7]: exit code: 7
"""


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (f" Container c-web-1  Creating\n Container c-none-1  Creating\n{NO_IMAGE}\n", NO_IMAGE),
        (f" Container c-web-1 Creating \n service:none:1 {NO_IMAGE} \n{NO_IMAGE}\n", NO_IMAGE),
        (f" Container d-web-1  Created\n Container d-web-1  Starting\n{NO_COMMAND}\n", NO_COMMAND),
        (
            f" Container e-a-1  Waiting\n Container e-a-1  Error\n{UNHEALTHY}\n",
            UNHEALTHY,
        ),
        (
            f" Container e-a-1 Error dependency a failed to start\n{UNHEALTHY}\n",
            UNHEALTHY,
        ),
        ('time="2026-11-28T05:00:00Z" level=warning msg="x is obsolete"\nno such service: b\n', "no such service: b"),
        (" Container a-1  Starting\n", "Container a-1  Starting"),
        ("", ""),
    ],
)
def test_the_error_is_told_and_not_how_far_everything_had_come(output: str, error: str) -> None:
    assert gist(output) == error


def test_of_a_build_the_error_comes_first_and_then_what_the_step_said() -> None:
    error, *step = gist(STEP).splitlines()
    assert error.startswith("failed to solve: executor failed running")
    assert step == [
        "> [a 2/2] RUN echo one two; echo error of mine >&2; exit 7:",
        "0.411 one two",
        "0.412 error of mine",
    ]


def test_a_pull_says_of_each_what_failed() -> None:
    error = f"Error response from daemon: {REFUSED}"
    old = f" web Pulling \n none Pulling \n none Error {REFUSED}\n web Error context canceled\n{error}\n"
    assert gist_of_pull(old) == f"{error}\nnone: {REFUSED}"
    new = f" Image localhost:1/none:1 Pulling \n Image localhost:1/none:1 Error {REFUSED}\n{error}\n{error}\n"
    assert gist_of_pull(new) == f"{error}\nlocalhost:1/none:1: {REFUSED}"
