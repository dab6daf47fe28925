"""Where each option in force comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.catalog import CatalogFile
from workers.catalog.origins import BUILT_IN, Origins
from workers.model.errors import CatalogError

TEXT = """\
repos:
  homelab: {url: "https://git.example.com/me/homelab.git", discover: ["services/*"]}
environments:
  production:
    worker: nas
    variables:
      DOMAIN: example.com
    defaults:
      health: {settle: 9s}
  staging: {}
defaults:
  project: "{stack}-{environment}"
  health:
    timeout: 3m
  rollback: false
stacks:
  mail:
    path: services/mail
    rollback: true
    hooks: {pre_deploy: [[echo, "${NAME:-hello}"], ["true"]]}
    on_change:
      - {paths: ["services/mail/config/**"], action: "signal:HUP"}
    environments:
      production:
        drift: report
      staging:
"""


def told(path: Path, stack: str) -> dict[str, tuple[str, str, int | None]]:
    path.write_text(TEXT, encoding="utf-8")
    catalog = CatalogFile(path, {}).current()
    environment, _, name = stack.partition("/")
    found = catalog.by_id.get(stack) or catalog.make("homelab", environment, name, "services/x")
    return {each.name: (each.value, each.part, each.line) for each in Origins(path, {}).of(found)}


def test_the_last_part_that_sets_an_option_is_where_it_comes_from(tmp_path: Path) -> None:
    found = told(tmp_path / "tegu.yaml", "production/mail")
    assert found["project"] == ("mail-production", "defaults", 12)
    assert found["health.timeout"] == ("3m", "defaults", 14)
    assert found["health.settle"] == ("9s", "environments.production.defaults", 9)
    assert found["rollback"] == ("true", "stacks.mail", 19)
    assert found["drift"] == ("report", "stacks.mail.environments.production", 25)
    assert found["hooks.pre_deploy"] == ("echo hello; true", "stacks.mail", 20)
    assert found["on_change"] == ("signal:HUP for services/mail/config/**", "stacks.mail", 21)
    assert found["limits.up"] == ("5m", BUILT_IN, None)
    assert found["files"] == ("", BUILT_IN, None)


def test_a_variable_is_told_by_name_only(tmp_path: Path) -> None:
    assert told(tmp_path / "tegu.yaml", "production/mail")["variables.DOMAIN"] == ("", "environments.production", 7)


def test_one_that_no_entry_names_has_the_defaults_of_its_environment(tmp_path: Path) -> None:
    found = told(tmp_path / "tegu.yaml", "staging/x")
    assert found["project"] == ("x-staging", "defaults", 12)
    assert found["health.settle"] == ("5s", BUILT_IN, None)
    assert found["rollback"] == ("false", "defaults", 15)


@pytest.mark.parametrize("text", ["repos: [", "repos: {homelab: {}}", None])
def test_a_file_that_cannot_be_what_is_in_force_tells_nothing(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "tegu.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError):
        Origins(tmp_path / "tegu.yaml", {})
