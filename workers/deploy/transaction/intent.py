"""What a deployment is about to do, in the journal before it does it: enough to take it back, or to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workers.deploy.containers import compose_model
from workers.deploy.files.data import Belonging
from workers.deploy.files.switch_plan import Operation
from workers.deploy.transaction.prepared import Prepared, Seen
from workers.deploy.transaction.volumes import Volume, volumes_from_json, volumes_to_json
from workers.model.words import Action


@dataclass(frozen=True, slots=True)
class Intent:
    """A deployment under way.

    Attributes:
        deployment: its id.
        commit: where it brings the stack to.
        previous: where it comes from; None at first.
        fingerprint: of the content it brings.
        switched: whether all files are in their place, so that containers may have been touched.
        operations: the switch of files.
        images: the id that each image name stood for before.
        services: what each service was to get.
        starts: which containers had been started when.
        resting: the services that did not run.
        networks: the ids of the networks that are made anew.
        network_keys: their keys in the model.
        volumes: the volumes that are made anew by key, as they were before.
        failed: why it is being taken back; empty while it goes forward.
        project: the Compose project.
        docker_host: the engine; empty: the one that the stack has.
        brought: the data that is brought along from another directory.
        halted: the containers that are stopped for that.
    """

    deployment: str
    commit: str
    previous: str | None
    fingerprint: str
    switched: bool
    operations: tuple[Operation, ...]
    images: Mapping[str, str | None]
    services: Mapping[str, Action]
    starts: frozenset[tuple[str, str]]
    resting: frozenset[str]
    networks: frozenset[str] = frozenset()
    network_keys: tuple[str, ...] = ()
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    failed: str = ""
    project: str = ""
    docker_host: str = ""
    brought: tuple[Belonging, ...] = ()
    halted: tuple[str, ...] = ()

    @classmethod
    def of(cls, prepared: Prepared) -> Intent:
        """The intent of a deployment that is prepared."""
        ground, work = prepared.ground, prepared.work
        return cls(
            deployment=ground.name,
            commit=prepared.snapshot.commit,
            previous=ground.previous,
            fingerprint=prepared.snapshot.fingerprint,
            switched=False,
            operations=prepared.operations,
            images=prepared.images,
            services=_services(work),
            starts=work.starts,
            resting=work.resting,
            networks=work.networks,
            network_keys=work.decision.networks,
            volumes=work.volumes,
            project=ground.stack.project,
            docker_host=ground.stack.docker_host,
            brought=prepared.brought,
            halted=prepared.halted,
        )

    def done(self) -> Intent:
        """The same after the switch."""
        return replace(self, switched=True)

    def turned(self, problem: str) -> Intent:
        """The same once it goes back."""
        return replace(self, failed=problem or "failed")

    def to_json(self) -> dict[str, Any]:
        """A form for the journal."""
        return {
            "deployment": self.deployment,
            "commit": self.commit,
            "previous": self.previous,
            "fingerprint": self.fingerprint,
            "switched": self.switched,
            "operations": [operation.to_json() for operation in self.operations],
            "images": dict(self.images),
            "services": dict(self.services),
            "starts": sorted(self.starts),
            "resting": sorted(self.resting),
            "networks": sorted(self.networks),
            "network_keys": list(self.network_keys),
            "volumes": volumes_to_json(self.volumes),
            "failed": self.failed,
            "project": self.project,
            "docker_host": self.docker_host,
            "brought": [each.to_json() for each in self.brought],
            "halted": list(self.halted),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Intent:
        """The intent that `to_json` gave."""
        return cls(
            deployment=saved["deployment"],
            commit=saved["commit"],
            previous=saved["previous"],
            fingerprint=saved["fingerprint"],
            switched=saved["switched"],
            operations=tuple(Operation.from_json(each) for each in saved["operations"]),
            images=saved["images"],
            services={name: Action(action) for name, action in saved["services"].items()},
            starts=frozenset((identifier, started) for identifier, started in saved["starts"]),
            resting=frozenset(saved["resting"]),
            networks=frozenset(saved.get("networks", ())),
            network_keys=tuple(saved.get("network_keys", ())),
            volumes=volumes_from_json(saved.get("volumes")),
            failed=saved.get("failed", ""),
            project=saved.get("project", ""),
            docker_host=saved.get("docker_host", ""),
            brought=tuple(Belonging.from_json(each) for each in saved.get("brought", ())),
            halted=tuple(saved.get("halted", ())),
        )


def _services(seen: Seen) -> dict[str, Action]:
    """What each service is to get; all of them something, where the whole project goes elsewhere.

    Those that are to go are among them: whoever wants them again has to bring them up.
    """
    removed = dict.fromkeys(seen.decision.removed, Action.UP)
    services = removed | {name: each.action for name, each in seen.decision.services.items()}
    former = seen.ground.former
    if former is None or former.project is None:
        return services
    return {**dict.fromkeys(compose_model.services(seen.model), Action.UP), **services}
