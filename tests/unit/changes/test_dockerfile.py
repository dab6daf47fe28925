from __future__ import annotations

import pytest

from workers.changes.dockerfile import base_images, image_name
from workers.model.errors import InvalidStack


@pytest.mark.parametrize(
    ("content", "images"),
    [
        ("FROM busybox\nRUN true\n", ("busybox",)),
        ("from busybox as one\nFROM one\n", ("busybox",)),
        ("\ufeffFROM a\nFROM b", ("a", "b")),
        ("ARG N=a\"b\"'c'\nFROM $N", ("abc",)),
        ("ARG N=1\nFROM a${GONE:-x${N}y}z\nFROM b${GONE:-x}z", ("ax1yz", "bxz")),
        (
            "FROM --platform=linux/amd64 app-base:1 AS x\nCOPY --from=tools /a /a\nCOPY --from=x a b\n",
            ("app-base:1", "tools"),
        ),
        (
            "FROM a\nFROM c\nCOPY --chown=1:1 --from=b /x /y\nCOPY --from=0 x y\nCOPY --from=+0 x y\nCOPY --from= x y",
            ("a", "c", "b"),
        ),
        ("FROM a\nRUN --mount=from=0,target=/x ls", ("a", "0")),
        ("FROM a\nADD --from=b x y\nCOPY x --from=c y\nCOPY -- --from=d x y", ("a",)),
        ("FROM a\r\nRUN --mount=type=bind,from=b,target=/x ls\r\n", ("a", "b")),
        ("FROM a\nCMD --mount=from=b", ("a",)),
        ("ARG BASE=one\nFROM ${BASE}\n", ("one",)),
        ("ARG BASE='one'\nFROM $BASE\n", ("one",)),
        ("ARG OTHER\nFROM ${OTHER:-two}\n", ("two",)),
        ("ARG TAG=1\nFROM base:$TAG", ("base:given",)),
        ("FROM \\\n  long\n", ("long",)),
        ("# FROM comment\n", ()),
        ("ARG TAG=1\nARG BASE=proj:${TAG}\nFROM ${BASE}", ("proj:given",)),
        ("ARG N=1\nARG BASE=proj:$N\nFROM ${BASE}", ("proj:1",)),
        ("ARG N=1 M=2 BASE=proj:${N}-${M}\nFROM $BASE", ("proj:1-2",)),
        ("ARG N=x=b\nFROM ${N#x=}", ("b",)),
        ("ARG N=\"1\" M='$N'\nFROM a:$N\nFROM b$M", ("a:1", "b$N")),
        ("ARG NONE\nFROM a:${NONE:-x}\nFROM b${NONE-y}\nFROM c${NONE+z}\nFROM d${NONE:+w}", ("a:x", "by", "c", "d")),
        ("ARG N=1\nFROM a${N:+-with}\nFROM b${GONE:-${N}}\nFROM c${GONE", ("a-with", "b1")),
        ("ARG N=20-slim\nFROM a:${N%-*}\nFROM b:${N#*-}\nFROM c:${N/slim/full}", ("a:20", "b:slim", "c:20-full")),
        ("ARG N=${M:?missing}\nFROM a$N", ("a",)),
        ("FROM a\\$b\nARG N=a\\ b\nFROM x", ("a$b", "x")),
        ("ARG N=\"a b\" M='c d' O=e\\ f P=p\nFROM $P", ("p",)),
        ("# escape=`\nARG N=`$x\nFROM a$N\nFROM b\\c", ("a$x", "b\\c")),
        ("ARG N=\nFROM a${N-y}\nFROM b${N:-y}\nFROM c${N+z}\nFROM d${N:+z}", ("a", "by", "cz", "d")),
        ('ARG N=1\nFROM "a:$N" AS one\nFROM one as two\nFROM  TWO', ("a:1",)),
        ("ARG N=1\nFROM a\nARG N=2\nFROM b:$N$M", ("a", "b:1")),
        ("FROM a AS x\n\n  # with a comment\nRUN true && \\\n# FROM b\n\n  --mount=from=c\nCOPY --from=x a b", ("a",)),
        ("FROM a\nCOPY --chown=1 \\\n  # why\n  --from=b \\\n x y", ("a", "b")),
        (
            "# syntax=docker/dockerfile:1\n# Escape = `\nFROM `\n  a\nCOPY --from=b C:\\ `\n D:\\\nFROM c",
            ("a", "b", "c"),
        ),
        ("FROM a\n# escape=`\nCOPY --from=b \\\n x y", ("a", "b")),
        ("FROM a\nRUN echo \\\\\nFROM b", ("a", "b")),
        (
            "FROM a\nONBUILD COPY --from=tools /a /a\nONBUILD RUN --mount=type=bind,from=more true",
            ("a", "tools", "more"),
        ),
        ("FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<-'A' <<B /x/\n\tFROM c\n\tA\nFROM d\nB\nFROM e", ("a", "e")),
        ("FROM a\nONBUILD\nONBUILD ONBUILD COPY --from=b x y\nARG\nCOPY", ("a",)),
        ("FROM a\nRUN <<EOF\nFROM b", ("a", "b")),
        ("FROM a\nRUN <<ONE <<TWO\nFROM b\nONE\nFROM c", ("a", "b", "c")),
        ("FROM a\nRUN echo $((1<<3))\nFROM b\n3))", ("a", "b")),
        ("FROM a\nRUN cat <<<x\nFROM b\nx", ("a", "b")),
        ("FROM a\nRUN cat <<<EOF\nFROM b\nEOF", ("a", "b")),
        ("FROM a\nRUN echo '<<EOF' \"<<EOF\"\nFROM b\nEOF", ("a", "b")),
        ('FROM a\nRUN echo "see <<EOF"\nFROM b\nEOF', ("a", "b")),
        ("FROM a\nRUN cat<<EOF\nFROM b\nEOF", ("a", "b")),
        ("FROM a\nRUN echo it's <<EOF\nFROM b\nEOF", ("a", "b")),
        ("FROM a\nRUN echo \\<<EOF\nFROM b\nEOF", ("a", "b")),
        ('FROM a\nRUN ["<<EOF"]\nFROM b\nEOF', ("a", "b")),
        ("FROM a\nCMD <<EOF\nFROM b\nEOF", ("a", "b")),
        ("FROM a\nONBUILD CMD <<EOF\nFROM b\nEOF", ("a", "b")),
        ("FROM a\nRUN << \nFROM b", ("a", "b")),
        ("FROM a\nRUN <<''\nFROM b\n\n", ("a", "b")),
        ("FROM a\nRUN 3<<EOF cat\nFROM b\nEOF\nFROM c", ("a", "c")),
        ("FROM a\nRUN cat << EOF\nFROM b\nEOF\nFROM c", ("a", "c")),
        ("FROM a\nRUN <<-EOF\n\tFROM b\n\t\tEOF\r\nFROM c", ("a", "c")),
        ("FROM a\nRUN <<EOF\n\tEOF\nFROM b\nEOF\nFROM c", ("a", "c")),
        ("FROM a\nRUN <<-X\n X\nFROM b\n\tX\nFROM c", ("a", "c")),
        ("FROM a\nRUN <<EOF\nFROM b\n EOF\n\tEOF\nEOF \nFROM b\nEOF\nFROM c", ("a", "c")),
        ('FROM a\nRUN <<\'one two\' <<"o\\"ne" <<o\\ne\nFROM b\none two\no"ne\none\nFROM c', ("a", "c")),
        ("FROM a\nRUN <<E'O'F\nFROM b\nEOF\nFROM c", ("a", "c")),
        ("FROM a\nRUN <<file.txt\nFROM b\nfile.txt\nFROM c", ("a", "c")),
        ("FROM a\nRUN cat \\\n# <<EOF\n  <<EO\\\nF\nFROM b\nEOF\nFROM c", ("a", "c")),
        ("FROM a\nONBUILD RUN <<EOF\nFROM b\nEOF\nFROM c", ("a", "c")),
        ("FROM a\nCOPY <<EOF /x\n# escape\nFROM b \\\nEOF\nFROM c", ("a", "c")),
        ("FROM bus\\\nybox\nRUN a\u2028FROM b\nFROM c", ("busybox", "c")),
        ("FROM a\n\\\n\nFROM b", ("a", "b")),
        ("\\\n \\", ()),
        ("# syntax=docker/dockerfile:1", ()),
        ("FROM a\nRUN echo --from=b --mount=from=c", ("a",)),
        ("FROM a\nCOPY --from='b' x y\nLABEL", ("a", "b")),
        ('FROM a\nCOPY "--from"=b x y\nCOPY --from="c" --chown=\'1 --from=d\' x y', ("a", "c")),
        ('FROM a\nCOPY --chown=X"x y" --from=b x y', ("a", "b")),
        ("FROM a\nCOPY --from=\\b --chown='it\\'s' x y\nCOPY --from=c x y", ("a", "b", "c")),
        ("# escape=`\nFROM a\nCOPY --from=`b\\c x y", ("a", "b\\c")),
        (
            "FROM a\nRUN --mount=FROM=b,target=/x --mount='\"from=c\",target=/x' --mount=from=d,target=/y,from=e ls",
            ("a", "b", "c", "e"),
        ),
        ("FROM a\nRUN --mount='\"from=b\"c,target=/x' --mount=from= --mount=from --mount=type=cache ls", ("a",)),
        ('FROM --platform="linux/arm64" a\tas\tb\nFROM b', ("a",)),
        ("FROM\ta\nFROM --platform=$BUILDPLATFORM b AS c d", ("a", "b")),
        ("FROM a AS tools\nONBUILD COPY --from=tools x y\nONBUILD FROM b\nONBUILD RUN <<E\nFROM c\nE", ("a", "tools")),
        ("# check=skip=all\n# ESCAPE = ` \nFROM `\na", ("a",)),
        ("# words=none\n# escape=`\nFROM \\\na", ("a",)),
        ("\n# escape=`\nFROM \\\na", ("a",)),
        ("# escape=\\\nFROM \\\na\r\r\n\r\nFROM b", ("a", "b")),
        ("FROM a\nRUN << X <<- Y\nFROM b\nX\nFROM c", ("a", "c")),
        ("FROM a\nRUN ${N:0:7} <<E\nFROM b\nE\nFROM c", ("a", "c")),
        ("FROM a\nRUN ${N^^} <<E\nFROM b\nE\nFROM c", ("a", "b", "c")),
        ('FROM a\nRUN "${N:-it\'s}" <<E\nFROM b\nE\nFROM c', ("a", "b", "c")),
        ('FROM a\nRUN ${N:-x y} "${N:-"q"}" <<$N <<${N}\nFROM b\n$N\n${N}\nFROM c', ("a", "c")),
        ("FROM a\nRUN <<${N:-E}\nFROM b\nE\n", ("a", "b")),
        ("FROM a\nRUN <<E'\nFROM b\nE'\n", ("a", "b")),
        ("FROM a\\$b \\", ("a$b",)),
    ],
)
def test_base_images_are_what_the_builder_takes_from_other_images(content: str, images: tuple[str, ...]) -> None:
    assert base_images(content, {"TAG": "given"}) == images


def test_a_name_with_a_platform_in_it_counts_for_every_platform() -> None:
    assert {"a-amd64", "a-arm64", "a-s390x"} < {*base_images("FROM a-$TARGETARCH", {})}
    assert {"a-linux-v7", "a-linux-", "b"} < {*base_images("FROM a-${BUILDOS}-$TARGETVARIANT\nFROM b", {})}
    assert "a/linux/arm/v6" in base_images("ARG TARGETPLATFORM\nFROM a/$TARGETPLATFORM", {})
    assert base_images("FROM a-$TARGETARCH$TARGETOSVERSION", {"TARGETARCH": "x"}) == ("a-x",)
    assert base_images("ARG TARGETARCH=y\nFROM a-$TARGETARCH", {}) == ("a-y",)
    assert base_images("FROM a${TARGETOSVERSION+x}", {}) == ("ax",)


@pytest.mark.parametrize(
    ("content", "target", "image"),
    [
        ("FROM a-$TARGETSTAGE", "", "a-default"),
        ("FROM a-$TARGETSTAGE AS One", "", "a-one"),
        ("FROM a-$TARGETSTAGE AS one\nFROM one AS two", "", "a-two"),
        ("FROM a-$TARGETSTAGE AS one\nFROM one AS two", "one", "a-one"),
    ],
)
def test_the_stage_that_is_built_is_an_argument_too(content: str, target: str, image: str) -> None:
    assert base_images(content, {}, target) == (image,)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("busybox", "busybox"),
        ("busybox:latest", "busybox"),
        ("docker.io/library/busybox:1", "busybox:1"),
        ("index.docker.io/library/busybox", "busybox"),
        ("registry:5000/x:latest", "registry:5000/x"),
        ("x@sha256:1", "x@sha256:1"),
        ("docker.io/library/x:1@sha256:1", "x@sha256:1"),
        ("registry:5000/x:latest@sha256:1", "registry:5000/x@sha256:1"),
    ],
)
def test_image_names_have_one_spelling(name: str, plain: str) -> None:
    assert image_name(name) == plain


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("FROM " + "${B:-" * 3000 + "x" + "}" * 3000, "nest deeper than 20 levels"),
        ("FROM " + "${B:-" * 3000, "nest deeper than 20 levels"),
        ("ARG A=aaaaaaaa\n" + "ARG A=$A$A\n" * 60 + "FROM $A", "more than 1048576 characters"),
        (
            "ARG A=aaaaaaaa\n" + "ARG A=$A$A\n" * 15 + "FROM b\n" + "FROM ${B+$A}a\n" * 10,
            "more than 1048576 characters",
        ),
        ("FROM a\n" * 100_000, "more than 1048576 characters"),
        ("ARG OTHER=x\nFROM $TARGETARCH" + "x" * 100_000, "more than 1048576 characters"),
        ("".join(f"FROM ${{A%*{number}*}}\n" for number in range(50_000)), "more than 1048576 characters"),
    ],
)
def test_a_text_that_would_grow_or_be_read_without_end_is_refused(content: str, said: str) -> None:
    with pytest.raises(InvalidStack, match=said):
        base_images(content, {})


def test_no_run_of_options_makes_the_search_for_images_run_away() -> None:
    assert base_images("FROM a\nRUN " + "--mount=" * 100_000 + " --mount=type=bind,from=b true", {}) == ("a", "b")
    assert base_images("FROM a\nRUN <<" + " " * 300_000 + "<\nFROM b", {}) == ("a", "b")


def test_what_looks_like_a_heredoc_is_searched_for_once() -> None:
    assert base_images("FROM a\n" + "RUN <<X\n" * 50_000 + "RUN " + "<<Y " * 20_000 + "\nFROM b", {}) == ("a", "b")
