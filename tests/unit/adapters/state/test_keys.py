"""Keys are all in one place, and nothing is written under any other."""

from __future__ import annotations

import re

from tests.records import a_record
from workers.adapters.state import keys
from workers.adapters.state.scripts import script_text
from workers.adapters.state.state import State
from workers.model.words import Action, Decision, Reason


def test_every_key_begins_with_tegu_and_says_what_it_is() -> None:
    for key in keys.ALL.values():
        assert key.template.startswith("tegu:")
        assert all((key.type, key.owner, key.lifetime, key.meaning))
    assert len({key.template for key in keys.ALL.values()}) == len(keys.ALL)


def test_scripts_use_the_names_of_the_keys_module() -> None:
    assert "'tegu:run:%s:pending'" in script_text("plan")


def test_what_is_written_is_documented(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    state.runs.start_pull(run, "homelab", "local")
    state.runs.plan(run, [("production/a", "c1"), ("production/b", "c1")])
    state.runs.end_pull(run, "homelab", "local", commits={"main": "c1"}, error=None, repo_ref="main")
    state.runs.coalesce("homelab", ["local"], "cli")
    unchanged = Decision("production/a", Action.NONE, Reason.UNCHANGED)
    state.quick.finish_unchanged(state.quick.look("production/a", "t").runs, unchanged)
    state.records.put("production/a", a_record(), 1)
    deployment = state.deployments.create(unchanged, run)
    state.deployments.tell(deployment, ["line"])
    state.pauses.pause("production/a", "me")
    templates = [re.escape(key.template).replace("%s", ".+") for key in keys.ALL.values()]
    for name in state.redis.keys("*"):
        assert any(re.fullmatch(template, str(name)) for template in templates), name
