"""What these tests are about: one stack."""

from __future__ import annotations

from workers.model.stack import Options, Stack


def make_stack(options: Options | None = None, *, remote: bool = False) -> Stack:
    return Stack(
        environment="production",
        name="web",
        repo="homelab",
        path="services/web",
        ref="main",
        worker="local",
        docker_host="unix:///run/d.sock",
        project="web",
        options=options or Options(),
        allow_remote_include=remote,
    )
