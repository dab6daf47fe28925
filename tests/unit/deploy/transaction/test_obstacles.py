"""What of the host would make `up` fail whatever the content is; on a real engine in the integration tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_ground, a_model, a_work, running
from workers.deploy.transaction.obstacles import refuse_obstacles
from workers.model.errors import EngineUnavailable, InvalidStack


@pytest.mark.parametrize("kind", ["secret", "config"])
def test_what_no_release_of_compose_takes_is_invalid_before_the_engine_is_asked(tmp_path: Path, kind: str) -> None:
    model = a_model(web={f"{kind}s": [{"source": "it"}]}) | {f"{kind}s": {"it": {"external": True}}}
    work = a_work(a_ground(tmp_path), model, running())
    with pytest.raises(InvalidStack, match=f"the service web uses the external {kind} it"):
        refuse_obstacles(work)


def test_nobody_knows_what_is_in_the_way_on_an_engine_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable):
        refuse_obstacles(a_work(a_ground(tmp_path), a_model(web={"container_name": "mine"}), running()))
