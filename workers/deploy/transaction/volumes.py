"""Volumes as a model defines them and as the engine has them, and the containers that use them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workers.adapters.docker.container import PROJECT, Container
from workers.adapters.docker.engine import Engine, translated
from workers.changes.resources import is_only_mount
from workers.deploy.containers import compose_model
from workers.deploy.files.layout import Folders
from workers.runtime.late import late

if TYPE_CHECKING:
    import docker.errors
else:
    docker = late("docker", "errors")

_KEY = "com.docker.compose.volume"
_COMPOSE = "com.docker.compose."


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume: everything that it takes to make it again.

    Attributes:
        name: on the engine.
        driver: its name.
        options: the driver's; they may be secret, as the password of a share is.
        labels: Compose's own among them, where Compose has made it.
    """

    name: str
    driver: str
    options: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def is_only_mount(self) -> bool:
        """Whether it holds nothing itself."""
        return is_only_mount(self.driver, self.options)

    def is_as(self, wanted: Volume) -> bool:
        """Whether it has another one's definition, whoever made it."""
        return (self.driver, self.options, _given(self.labels)) == (
            wanted.driver,
            wanted.options,
            _given(wanted.labels),
        )

    def to_json(self) -> dict[str, Any]:
        """A form for the journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Volume:
        """The one that `to_json` gave."""
        return cls(**saved)


def volumes_to_json(volumes: Mapping[str, Volume]) -> dict[str, Any]:
    """Volumes by key in a form for the journal."""
    return {key: each.to_json() for key, each in volumes.items()}


def volumes_from_json(saved: Mapping[str, Any] | None) -> dict[str, Volume]:
    """The volumes that `volumes_to_json` gave."""
    return {key: Volume.from_json(each) for key, each in (saved or {}).items()}


def _given(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in labels.items() if not name.startswith(_COMPOSE)}


def defined(model: compose_model.Model, key: str, project: str, folders: Folders) -> Volume | None:
    """A volume as a model defines it, whether it was staged or not; None for one that is external, or in no use."""
    volumes = model.get("volumes") or {}
    definition = volumes.get(key) or {}
    if key not in volumes or definition.get("external"):
        return None
    stage, live = f"{folders.stage}/", f"{folders.live}/"
    options = {name: str(text) for name, text in (definition.get("driver_opts") or {}).items()}
    if options.get("device", "").startswith(stage):  # a folder of the stack
        options["device"] = live + options["device"].removeprefix(stage)
    return Volume(
        name=str(definition.get("name") or f"{project}_{key}"),
        driver=str(definition.get("driver") or "local"),
        options=options,
        labels={name: str(text) for name, text in (definition.get("labels") or {}).items()},
    )


def found(engine: Engine, name: str) -> Volume | None:
    """A volume as the engine has it; None where there is none."""
    with translated():
        try:
            return _volume(engine.client.inspect_volume(name))
        except docker.errors.NotFound:
            return None


def made_for(engine: Engine, projects: Iterable[str], key: str) -> list[Volume]:
    """The volumes that Compose has made for a key of these projects, whatever it was called then."""
    rows: list[Mapping[str, Any]] = []
    for project in projects:
        with translated():
            rows += engine.client.volumes(filters={"label": [f"{PROJECT}={project}", f"{_KEY}={key}"]})["Volumes"] or ()
    return [_volume(row) for row in rows]


def _volume(row: Mapping[str, Any]) -> Volume:
    return Volume(row["Name"], row["Driver"], dict(row.get("Options") or {}), dict(row.get("Labels") or {}))


def owner_of(volume: Volume) -> str:
    """The project that Compose has made it for; empty for one that somebody made by hand."""
    return volume.labels.get(PROJECT, "")


def outsiders(users: Iterable[Container], projects: Collection[str]) -> list[Container]:
    """Those containers that are none of these projects' services: `up` would not make them again."""
    return [each for each in users if each.project not in projects or each.is_one_off]
