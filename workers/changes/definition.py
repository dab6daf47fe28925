"""A service as Compose counts it when it decides whether to make its containers anew.

Each attribute has the kind that it has in Compose's own model. Two generations of Compose are followed, since what they
count differs: releases before 2.31 (2.26 stands for them) also count what a service depends on or its profiles, take
no host path in a long bind for none, and read the mode of a config in quotes as a decimal number.
Not counted are `build`, `pull_policy`, `scale` and `deploy.replicas`, and whatever was resolved into something else.
`up` acts upon `scale` and `deploy.replicas` all the same, without making any container anew.

Long, since most of it is one table, which is read beside Compose's own.

See `ServiceHash` of docker/compose and the types of compose-go; docs/decisions/what-compose-counts.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workers.changes.digest import canonical
from workers.changes.kinds import (
    Kind,
    command,
    default,
    duration,
    flag,
    listed,
    mapped,
    octal,
    options,
    pointer,
    record,
    single,
    size,
    text,
    texts,
    whole,
)
from workers.changes.published_ports import MOST_PORTS, long_ports
from workers.changes.short_forms import clean

_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")


def counted(service: Mapping[str, object], environment: Mapping[str, object], labels: Mapping[str, str]) -> object:
    """What later releases of Compose count.

    Args:
        service: its resolved definition.
        environment: what they make of its variables, None for one that has no value.
        labels: those of its label files included.
    """
    return _LATER(_completed(service) | {"environment": environment, "labels": labels})


def counted_before(
    service: Mapping[str, object], environment: Mapping[str, object], labels: Mapping[str, str]
) -> object:
    """The same of releases like 2.26, which count more."""
    written = _completed(service) | {"environment": environment, "labels": labels}
    return _BEFORE(written | {"depends_on": dict(_dependencies(service))})


def _completed(service: Mapping[str, object]) -> dict[str, Any]:
    """The service with what Compose adds: the default network, and its own image to hooks that have none."""
    completed: dict[str, Any] = dict(service)
    if not (service.get("networks") or "network_mode" in service or service.get("provider")):
        completed["networks"] = {"default": None}
    if isinstance(hooks := service.get("pre_start"), list):
        image = service.get("image")
        completed["pre_start"] = [{"image": image, **hook} if isinstance(hook, Mapping) else hook for hook in hooks]
    return completed


def _dependencies(service: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """What a service depends on, also without saying so."""
    depends = service.get("depends_on")
    known = depends if isinstance(depends, Mapping) else {}
    for name, how in known.items():
        yield name, _DEPENDENCY(how)
    for name, restart in _implied(service):
        if name not in known:
            yield name, _DEPENDENCY({"condition": "service_started", "restart": restart, "required": True})


def _implied(service: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    for source in _listed(service.get("volumes_from")):
        if not source.startswith("container:"):
            yield source.partition(":")[0], False
    for namespace in _NAMESPACES:
        mode = str(service.get(namespace))
        if mode.startswith("service:"):
            yield mode.removeprefix("service:"), True
    yield from ((link.partition(":")[0], True) for link in _listed(service.get("links")))


def _listed(value: object) -> Iterator[str]:
    yield from map(str, value) if isinstance(value, list) else ()


# ---------------------------------------------------------------- kinds of single attributes


def _ports(value: object) -> object:
    """Every port in its long form, none twice; as they are written where they are more than there can be."""
    if not isinstance(value, list):
        return value
    ports: dict[bytes, object] = {}
    for entry in value:
        long = [entry] if isinstance(entry, Mapping) else long_ports(str(entry))
        for port in [str(entry)] if long is None else map(_PORT, long):
            ports.setdefault(canonical(port), port)
        if len(ports) > MOST_PORTS:
            return value
    return list(ports.values())


def _hosts(value: object) -> object:
    """Further hosts, each with its addresses."""
    if isinstance(value, Mapping):
        pairs = [(name, each) for name, one in value.items() for each in (one if isinstance(one, list) else [one])]
    elif isinstance(value, list):
        pairs = [pair for entry in value for pair in _host(str(entry))]
    else:
        return value
    return sorted(f"{name}={str(one or '').removeprefix('[').removesuffix(']')}" for name, one in pairs)


def _host(entry: str) -> Iterator[tuple[str, str]]:
    """Only the short form holds several addresses in one text."""
    name, _, addresses = entry.partition("=" if "=" in entry else ":")
    yield from ((name, address) for address in addresses.split(","))


def _test(value: object) -> object:
    return ["CMD-SHELL", value] if isinstance(value, str) else texts(value)


def _repeated(value: object) -> object:
    """An option that may be given several times."""
    return texts(value) if isinstance(value, list) else [text(value)]


def _count(value: object) -> object:
    return -1 if isinstance(value, str) and value.lower() == "all" else whole(value)


def _requests(value: object) -> object:
    """Requests of devices; without a number or ids, all of them."""
    if isinstance(value, str):
        value = [{}]
    if not isinstance(value, list):
        return value
    return [
        _REQUEST({"count": "all", **each} if isinstance(each, Mapping) and not each.get("device_ids") else each)
        for each in value
    ]


def _limit(value: object) -> object:
    return _LIMITS(value) if isinstance(value, Mapping) else whole(value)


def _path(value: object) -> object:
    """A path of a container, or one that only `watch` goes by, without what says nothing."""
    return clean(value) if isinstance(value, str) and value else value


def _granted(mode: Kind, *, secret: bool) -> Kind:
    view = record({"source": text, "target": text, "uid": text, "gid": text, "mode": pointer(mode)})

    def grants(value: Any) -> object:  # noqa: ANN401
        return view({"target": f"/run/secrets/{value.get('source')}", **value} if secret else value)

    return listed(grants)


def _opted_out(value: object) -> object:
    """A flag that is on unless it is switched off."""
    return value is not None and flag(value) is False


# ---------------------------------------------------------------- tables

_PORT = record({"target": whole, "published": text, "protocol": default(text, "tcp"), "mode": default(text, "ingress")})
_DEPENDENCY = record({"condition": text, "restart": flag, "required": flag})
_REQUEST = record({"capabilities": texts, "driver": text, "count": _count, "device_ids": texts, "options": options})
_UPDATE = record(
    {
        "parallelism": pointer(whole),
        "delay": duration,
        "monitor": duration,
        "max_failure_ratio": single,
    }
)
_GENERIC = record({"discrete_resource_spec": pointer(record({"kind": text, "value": whole}))})
_RESOURCE = pointer(
    record({"cpus": single, "memory": size, "pids": whole, "generic_resources": listed(_GENERIC), "devices": _requests})
)
_RESTART = record({"delay": pointer(duration), "max_attempts": pointer(whole), "window": pointer(duration)})
_DEPLOY = record(
    {
        "labels": options,
        "update_config": pointer(_UPDATE),
        "rollback_config": pointer(_UPDATE),
        "resources": record({"limits": _RESOURCE, "reservations": _RESOURCE}),
        "restart_policy": pointer(_RESTART),
        "placement": record({"constraints": texts, "max_replicas_per_node": whole}),
    },
    frozenset({"replicas"}),
)
_HEALTHCHECK = record(
    {
        "test": _test,
        **dict.fromkeys(("timeout", "interval", "start_period", "start_interval"), pointer(duration)),
        "retries": pointer(whole),
        "disable": flag,
    }
)
_HOOK = record({"command": pointer(command), "environment": options, "privileged": flag, "per_replica": flag})
_WATCH = record({"path": _path, "ignore": texts, "include": texts, "initial_sync": flag, "exec": _HOOK})
_BLKIO = record(
    {
        "weight": whole,
        **dict.fromkeys(
            ("device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops"),
            listed(record({"path": text, "rate": size})),
        ),
        "weight_device": listed(record({"path": text, "weight": whole})),
    }
)
_NETWORK = record({"aliases": texts, "link_local_ips": texts, "driver_opts": options, "priority": whole})
_LIMITS = record({"soft": whole, "hard": whole})
_TMPFS = record({"size": size, "mode": whole})


def _mounts(create: Kind) -> Kind:
    return listed(
        record(
            {
                "target": _path,
                "read_only": flag,
                "bind": pointer(record({"create_host_path": create})),
                "volume": pointer(record({"nocopy": flag, "labels": options})),
                "tmpfs": pointer(_TMPFS),
                "image": pointer(record({"subpath": text})),
            }
        )
    )


_SAME: dict[str, Kind] = {
    "annotations": options,
    "attach": pointer(flag),
    "blkio_config": pointer(_BLKIO),
    "command": pointer(command),
    "cpus": single,
    "cpu_percent": single,
    **dict.fromkeys(("cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares"), whole),
    "deploy": pointer(_DEPLOY),
    "develop": pointer(record({"watch": listed(_WATCH)})),
    **dict.fromkeys(("dns", "dns_opt", "dns_search", "tmpfs", "expose", "group_add", "security_opt"), texts),
    "entrypoint": pointer(command),
    "extra_hosts": _hosts,
    "gpus": _requests,
    "healthcheck": pointer(_HEALTHCHECK),
    "init": pointer(flag),
    "logging": pointer(record({"options": options})),
    **dict.fromkeys(("mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size"), size),
    "networks": mapped(pointer(_NETWORK)),
    **dict.fromkeys(("oom_score_adj", "pids_limit"), whole),
    **dict.fromkeys(("oom_kill_disable", "privileged", "read_only", "stdin_open", "tty", "use_api_socket"), flag),
    "ports": _ports,
    "provider": pointer(record({"options": mapped(_repeated)})),
    **dict.fromkeys(("pre_start", "post_start", "pre_stop"), listed(_HOOK)),
    "stop_grace_period": pointer(duration),
    **dict.fromkeys(("storage_opt", "sysctls", "log_opt"), options),
    "ulimits": mapped(pointer(_limit)),
}
_NOT_COUNTED = frozenset({"build", "env_file", "extends", "label_file", "pull_policy", "scale"})
_LATER = record(
    {
        **_SAME,
        "configs": _granted(octal, secret=False),
        "secrets": _granted(octal, secret=True),
        "volumes": _mounts(_opted_out),
    },
    _NOT_COUNTED | {"depends_on", "profiles"},
)
_BEFORE = record(
    {
        **_SAME,
        "configs": _granted(whole, secret=False),
        "secrets": _granted(whole, secret=True),
        "volumes": _mounts(flag),
    },
    _NOT_COUNTED,
)


def instances(service: Mapping[str, Any]) -> object:
    """How many containers `up` keeps of a service."""
    given = service.get("scale")
    if given is None:
        given = (service.get("deploy") or {}).get("replicas")
    return 1 if given is None else whole(given)
