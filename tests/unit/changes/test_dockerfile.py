from __future__ import annotations

import pytest

from workers.changes.dockerfile import base_images, image_name


@pytest.mark.parametrize(
    ("content", "images"),
    [
        ("FROM busybox\nRUN true\n", ("busybox",)),
        ("from busybox as one\nFROM one\n", ("busybox",)),
        (
            "FROM --platform=linux/amd64 app-base:1 AS x\nCOPY --from=tools /a /a\nCOPY --from=x a b\n",
            ("app-base:1", "tools"),
        ),
        ("FROM a\nCOPY --chown=1:1 --from=b /x /y\nADD --from=c x y\nCOPY --from=0 x y", ("a", "b", "c")),
        ("FROM a\r\nRUN --mount=type=bind,from=b,target=/x ls\r\n", ("a", "b")),
        ("FROM a\nCMD --mount=from=b", ("a",)),
        ("ARG BASE=one\nFROM ${BASE}\n", ("one",)),
        ("ARG BASE='one'\nFROM $BASE\n", ("one",)),
        ("ARG OTHER\nFROM ${OTHER:-two}\n", ("two",)),
        ("ARG TAG=1\nFROM base:$TAG", ("base:given",)),
        ("FROM \\\n  long\n", ("long",)),
        ("# FROM comment\n", ()),
    ],
)
def test_base_images_are_what_the_builder_takes_from_other_images(content: str, images: tuple[str, ...]) -> None:
    assert base_images(content, {"TAG": "given"}) == images


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("busybox", "busybox"),
        ("busybox:latest", "busybox"),
        ("docker.io/library/busybox:1", "busybox:1"),
        ("registry:5000/x:latest", "registry:5000/x"),
        ("x@sha256:1", "x"),
    ],
)
def test_image_names_have_one_spelling(name: str, plain: str) -> None:
    assert image_name(name) == plain
