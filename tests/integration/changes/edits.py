"""Attributes of a service as people write them: for each, values of which some are two spellings of one."""
# ruff: noqa: E501 (a table reads best in rows)

from __future__ import annotations

from typing import Any

import yaml

_TEXT = """
annotations: [{a: b}, [a=b], {a: c}, {a: }, {a: ''}, {a: 1}, {a: '1'}, {}]
attach: [true, false, 'false', 'yes']
blkio_config: [{weight: 300}, {weight: 301}, {}, {device_read_bps: [{path: /dev/sda, rate: '12mb'}]}, {device_read_bps: [{path: /dev/sda, rate: '12m'}]}, {device_read_bps: [{path: /dev/sda, rate: 12582912}]}, {weight_device: [{path: /dev/sda, weight: 400}]}]
cap_add: [[A], [A, B], [B, A], []]
cap_drop: [[ALL], [all], [NET_ADMIN, SYS_ADMIN]]
cgroup: [host, private]
cgroup_parent: [m, n]
command: [web, [web], web --x, [web, --x], 'web "--x"', "web '--x'", 'sh -c "a b"', [sh, -c, a b], "sh -c 'a && b'", [sh, -c, a && b], sh -c a && b, [], '', [''], '""', 'a $$B', [a, $$B], "a\\nb", " web ", 'a=b --c="d e"', [a=b, --c=d e], 'a;b', 'a>b', 'a 2>b', 'a 2 >b', [a, '2'], [a], 'a "b"c', [a, bc], 'a $$(b c)', 'a \\b', 'a `b`', 'a "b\\"c"', [a, 'b"c'], "a 'b\\\\c'", [a, 'b\\c'], 'a\\ b', 'a\\tb' ]
cpu_count: [1, 2, '2']
cpu_percent: [50, 50.0]
cpu_period: [100000, '100000']
cpu_quota: [50000, '50000']
cpu_rt_period: [11000, '11000']
cpu_rt_runtime: [95000, '95000']
cpu_shares: [73, '73', 74]
cpus: [1, '1', 1.0, '1.0', 1.5, '1.50', .5, '0.50', 0, '0']
cpuset: ['0,1', '0-1']
credential_spec: [{file: a.json}, {registry: b}]
deploy: [{}, {replicas: 2}, {replicas: 3}, {labels: {a: b}}, {labels: [a=b]}, {mode: global}, {resources: {}}, {resources: {limits: {}}}, {resources: {limits: {cpus: '0.50'}}}, {resources: {limits: {cpus: '0.5'}}}, {resources: {limits: {cpus: 0.5}}}, {resources: {limits: {memory: 512M}}}, {resources: {limits: {memory: 512m}}}, {resources: {limits: {memory: '536870912'}}}, {resources: {limits: {memory: 0.5g}}}, {resources: {reservations: {memory: 1g}}}, {resources: {limits: {pids: 10}}}, {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}, {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}, {resources: {reservations: {devices: [{driver: nvidia, capabilities: [gpu]}]}}}, {restart_policy: {condition: any, delay: 5s}}, {restart_policy: {condition: any, delay: 5000ms, max_attempts: 3}}, {restart_policy: {condition: any, max_attempts: 3, delay: 5s}}, {restart_policy: {condition: any}}, {restart_policy: {}}, {update_config: {parallelism: 1, delay: 10s, order: start-first}}, {update_config: {parallelism: 1, delay: 0s, order: start-first}}, {update_config: {parallelism: 1, order: start-first}}, {update_config: {max_failure_ratio: 0.1}}, {rollback_config: {parallelism: 0}}, {placement: {constraints: [node.role == manager]}}, {placement: {max_replicas_per_node: 1, preferences: [{spread: node.labels.zone}]}}, {endpoint_mode: vip}]
depends_on: [[other], [third], {other: {condition: service_started}}, {other: {condition: service_healthy}}, {other: {condition: service_started, restart: true}}, {other: {condition: service_started, required: true}}, {other: {condition: service_started, required: false}}, [other, third], [third, other]]
develop: [{watch: []}, {watch: [{path: ./src, action: sync, target: /src}]}, {watch: [{path: src, action: sync, target: /src}]}, {watch: [{path: ./src, action: rebuild}]}, {watch: [{path: ./src, action: rebuild, ignore: [a]}]}, {}]
device_cgroup_rules: [['c 1:3 mr'], ['c 1:3 mr', 'a 7:* rmw']]
devices: [[/dev/a], ['/dev/a:/dev/a'], ['/dev/a:/dev/a:rwm'], ['/dev/a:/dev/b'], ['/dev/a:/dev/b:r'], [/dev/a, /dev/b]]
dns: [1.1.1.1, [1.1.1.1], [1.1.1.1, 8.8.8.8], []]
dns_opt: [[use-vc], [use-vc, no-tld-query]]
dns_search: [a.example, [a.example], [b.example, a.example]]
domainname: [a, b]
entrypoint: [/run, [/run], /run --x, [/run, --x], [], '']
environment: [{A: '1'}, {A: 1}, [A=1], {A: 1, B: }, [A=1, B], {B: ''}, {B: }, [B], {A: true}, {A: 'true'}, {A: 1.50}, {A: '1.5'}, {A: 0o17}, {A: 017}, {A: '15'}, {A: 15}, {A: 2024-01-01}, {A: '2024-01-01'}, ['A=2024-01-01'], {A: 2024-01-01 10:00:00}, {A: '2024-01-01T10:00:00Z'}, {A: 2024-01-01T10:00:00Z}, {A: 2024-1-1}, {A: 2001-12-14t21:59:43.10-05:00}, {A: '2024-01-01 00:00:00 +0000 UTC'}, {A: yes}, {A: 'yes'}, {A: 1e3}, {A: 1000}, {A: 0x10}, {A: 16}, {A: ~}, {A: 12:30:00}, {A: 1_000}, {A: '$$x'}, {A: '${SET}'}, {A: value}, {SET: }, [SET], {SET: value}, {}, []]
expose: [['80'], [80], ['80/tcp'], ['80-82'], [80, 81], ['81', '80']]
external_links: [[a], ['a:b']]
extra_hosts: [['a=1.1.1.1'], ['a:1.1.1.1'], {a: 1.1.1.1}, ['a=1.1.1.1', 'b=2.2.2.2'], ['b=2.2.2.2', 'a=1.1.1.1'], ['a=::1'], ['a=[::1]'], ['a:::1'], {a: '::1'}, ['a=1.1.1.1', 'a=2.2.2.2'], ['a=1.1.1.1,2.2.2.2']]
group_add: [[a], [1000], ['1000']]
healthcheck: [{test: a b}, {test: [CMD-SHELL, a b]}, {test: [CMD, a, b]}, {test: [NONE]}, {disable: true}, {disable: 'true'}, {disable: false}, {}, {test: a, interval: 60s}, {test: a, interval: 1m}, {test: a, interval: 1m0s}, {test: a, interval: 60000ms}, {test: a, timeout: 1h30m}, {test: a, timeout: 90m}, {test: a, timeout: 1.5h}, {test: a, retries: 3}, {test: a, retries: '3'}, {test: a, start_period: 0s}, {test: a}, {test: a, start_interval: 5s}]
hostname: [a, b]
image: [a, 'a:latest', docker.io/library/a, 'a:1', 'a@sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'a:1@sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'a:1@sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d', 'a:${SET}', 'a:value']
init: [true, false, 'true', 'no']
ipc: [host, private, shareable, 'service:other']
isolation: [default, process]
labels: [{A: }, {A: ''}, {A: '1'}, {A: 1}, [A=1], [A], [A=], {A: 1, B: 2}, [B=2, A=1], {A: 1.10}, {A: '1.1'}, {A: true}, {A: 'true'}, {A: 2024-01-01}, {A: '2024-01-01'}, {A: '2024-01-01 00:00:00 +0000 UTC'}, {A: ~}, {}, []]
links: [[other], ['other:o'], [other, third]]
logging: [{driver: json-file}, {driver: json-file, options: {max-size: 10m}}, {driver: json-file, options: {max-size: 10m, max-file: 3}}, {driver: json-file, options: {max-size: 10m, max-file: '3'}}, {options: {max-size: 10m}}, {driver: json-file, options: {}}, {driver: json-file, options: {max-file: }}, {}]
mac_address: ['02:42:ac:11:65:43', '02:42:ac:11:65:44']
mem_limit: [1g, 1G, 1024m, 1073741824, '1073741824', 1gb, 1.5g, 1536m, 512k, 512kb]
mem_reservation: [64m, 64M, 67108864]
mem_swappiness: [10, '10', 60]
memswap_limit: [-1, 2g, 2048m]
network_mode: [bridge, host, none, 'service:other']
networks: [[default], [n1], {n1: }, {n1: {}}, [n1, n2], [n2, n1], {n1: {aliases: [x]}}, {n1: {aliases: [x, y]}}, {n1: {aliases: [y, x]}}, {n1: {aliases: []}}, {n1: {ipv4_address: 10.0.0.2}}, {n1: {priority: 100}}, {n1: {priority: 0}}, {n1: {link_local_ips: [57.123.22.11]}}, {n1: {mac_address: '02:42:ac:11:65:43'}}, {default: {aliases: [x]}}, {default: }, {}]
oom_kill_disable: [true, false, 'true']
oom_score_adj: [100, '100', 0]
pid: [host, 'service:other']
pids_limit: [10, '10', -1]
platform: [linux/amd64, linux/arm64]
ports: [['80'], [80], ['3000:3000'], [{target: 3000, published: '3000'}], [{target: '3000', published: 3000}], [{target: 3000, published: 3000, protocol: tcp}], [{target: 3000, published: 3000, protocol: tcp, mode: ingress}], [{target: 3000, published: 3000, protocol: tcp, mode: host}], [{target: 3000}], [3000], ['3000/udp'], ['3000/UDP'], ['3000-3001:3000-3001'], ['3000:3000', '3001:3001'], ['3001:3001', '3000:3000'], ['3000-3002:80'], ['127.0.0.1:3000:3000'], ['127.0.0.1::3000'], ['0.0.0.0:3000:3000'], ['[::1]:3000:3000'], ['3000:3000/tcp'], ['3000:3000', '3000:3000/udp'], [{target: 3000, published: '3000', host_ip: 127.0.0.1}], [{target: 3000, published: '3000', host_ip: 127.0.0.1, protocol: tcp, mode: ingress}], ['9-11:9-11'], ['9:9', '10:10', '11:11'], ['3000-3001'], ['3000', '3001'], ['${PORT}:80'], ['8080:80'], [{target: 80, published: '3000-3002', protocol: tcp, mode: ingress}], ['80:80', '80:80'], ['80:80']]
privileged: [true, false, 'true']
profiles: [[on], [on, more], [more, on], []]
pull_policy: [always, missing, if_not_present, never, build]
read_only: [true, false, 'true', 'yes']
restart: [always, 'no', unless-stopped, 'on-failure:3']
runtime: [runc, x]
scale: [1, 2, '2']
secrets: [[s1], [{source: s1}], [{source: s1, target: s1}], [{source: s1, target: /run/secrets/s1}], [s1, s2], [s2, s1], [{source: s1, mode: 0440}], [{source: s1, mode: 288}], [{source: s1, mode: 0o440}], [{source: s1, mode: '0440'}], [{source: s1, mode: '440'}], [{source: s1, uid: '100', gid: '100'}], []]
configs: [[c1], [{source: c1}], [{source: c1, target: /c1}], [{source: c1, target: /x}], [c1, c2], [{source: c1, mode: 0440}], [{source: c1, mode: 0}], [{source: c1, uid: '1'}]]
security_opt: [[no-new-privileges], ['no-new-privileges:true'], ['apparmor=unconfined', 'label:disable'], ['label:disable', 'apparmor=unconfined']]
shm_size: [64m, 64M, 67108864, '67108864', 128m]
stdin_open: [true, false, 'true']
stop_grace_period: [1m, 60s, 1m0s, 90s, 1m30s, 0s]
stop_signal: [SIGTERM, SIGINT]
storage_opt: [{size: 1G}, {size: 2G}, {size: 1}, {size: '1'}]
sysctls: [{net.core.somaxconn: 1024}, {net.core.somaxconn: '1024'}, [net.core.somaxconn=1024], {net.core.somaxconn: 512}, {net.core.somaxconn: }, {net.core.somaxconn: 0o2000}]
tmpfs: [/run, [/run], [/run, /tmp], ['/run:size=1m'], [/run/]]
tty: [true, false, 'true']
ulimits: [{nproc: 65535}, {nproc: '65535'}, {nproc: {soft: 1, hard: 2}}, {nproc: {soft: 2, hard: 2}}, {nproc: {hard: 2, soft: 1}}, {nproc: 2}, {nofile: 1}, {}]
user: ['1000', '1000:1000', root]
userns_mode: [host, '']
uts: [host]
volumes: [['./a:/a'], ['./a/:/a'], ['./a:/a/'], ['a:/a'], ['data:/a'], ['data:/a:ro'], ['data:/a:rw'], ['data:/a:nocopy'], ['./a:/a:ro'], ['./a:/a:rw'], ['./a:/a:z'], ['./a:/a:Z'], ['./a:/a:rshared'], ['./a:/a:rslave,ro'], ['/srv/a:/a'], ['/srv/a/:/a'], ['/srv//a:/a'], ['/srv/../srv/a:/a'], ['~/a:/a'], ['~/a/:/a'], ['./x/../a:/a'], ['$PWD/a:/a'], ['${PWD}/a/:/a'], [/a], [/a/], [{type: bind, source: ./a, target: /a}], [{type: bind, source: ./a, target: /a/}], [{type: bind, source: a, target: /a}], [{type: bind, source: ./a, target: /a, bind: {}}], [{type: bind, source: ./a, target: /a, bind: {create_host_path: true}}], [{type: bind, source: ./a, target: /a, bind: {create_host_path: 'true'}}], [{type: bind, source: ./a, target: /a, bind: {create_host_path: false}}], [{type: bind, source: ./a, target: /a, read_only: true}], [{type: bind, source: ./a, target: /a, read_only: 'true'}], [{type: bind, source: ./a, target: /a, read_only: false}], [{type: bind, source: /srv/a/, target: /a}], [{type: bind, source: /srv/a, target: /a}], [{type: volume, source: data, target: /a}], [{type: volume, source: data, target: /a, volume: {nocopy: true}}], [{type: volume, source: data, target: /a, volume: {nocopy: false}}], [{type: volume, source: data, target: /a, volume: {subpath: s}}], [{type: volume, source: data, target: /a, volume: {}}], [{type: volume, target: /a}], [{type: tmpfs, target: /a}], [{type: tmpfs, target: /a, tmpfs: {size: 1m}}], [{type: tmpfs, target: /a, tmpfs: {size: 1048576}}], [{type: tmpfs, target: /a, tmpfs: {mode: 0700}}], [{type: tmpfs, target: /a, tmpfs: {mode: 448}}], ['./a:/a', './b:/b'], ['./b:/b', './a:/a'], ['./a:/a', './b:/a'], ['./b:/a'], ['./a:/a:cached'], ['./a:/a:consistent'], ['.:/a'], ['./:/a'], [{type: bind, source: ., target: /a}], ['a.b:/a'], [{type: bind, source: ./a, target: /a, consistency: cached}], [{type: bind, source: ./a, target: /a, bind: {propagation: rshared}}], [{type: bind, source: ./a, target: /a, bind: {propagation: rshared, create_host_path: true}}]]
volumes_from: [[other], ['other:ro'], ['other:rw'], [other, third], ['container:x']]
working_dir: [/a, /a/, /b]
x-note: [{a: b}, c]
"""
_LATER = {
    (2, 30): """
gpus: [all, [{count: all}], [{count: -1}], [{count: 1}], [{driver: nvidia}], [{driver: nvidia, count: all}], [{device_ids: ['0']}], [{capabilities: [gpu], count: 1}]]
post_start: [[{command: a}], [{command: [a]}], [{command: a, user: root}], [{command: a, privileged: true}], [{command: a, environment: {A: 1}}], [{command: a, environment: [A=1]}], []]
pre_stop: [[{command: a b}], [{command: [a, b]}]]
devices: [[{source: /dev/a, target: /dev/a, permissions: rwm}], [/dev/a], [{source: /dev/a, target: /dev/b}]]
""",
    (2, 38): """
models: [[m1], {m1: }, {m1: {endpoint_var: U}}, [m1, m2], {m1: {}}]
use_api_socket: [true, false]
provider: [{type: p}, {type: p, options: {a: 1}}, {type: p, options: {a: '1'}}, {type: p, options: {a: [1, 2]}}]
networks: [{n1: {gw_priority: 1}}, {n1: {interface_name: e}}, {n1: {driver_opts: {a: 1}}}, {n1: {driver_opts: {a: '1'}}}, [n1]]
stop_grace_period: [1d, 24h, 1w]
volumes: [[{type: image, source: i, target: /a}], [{type: image, source: i, target: /a, image: {subpath: s}}], [{type: bind, source: ./a, target: /a, bind: {recursive: disabled}}]]
develop: [{watch: [{path: ./src, action: sync+exec, target: /src, exec: {command: a}}]}, {watch: [{path: ./src, action: sync+exec, target: /src, exec: {command: [a]}}]}, {watch: [{path: ./src, action: rebuild, ignore: a}]}, {watch: [{path: ./src, action: rebuild, ignore: [a]}]}, {watch: [{path: ./src, action: sync, target: /s, initial_sync: true}]}]
""",
    (5, 4): """
pre_start: [[{command: a}], [{command: [a]}], [{command: a, image: b}], [{command: a, image: a}], [{command: a, per_replica: true}]]
""",
}


def _values(text: str) -> dict[str, list[str]]:
    """Each value as YAML in flow style, kept as text so that dates and octals stay what they are."""
    found: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        name, _, rest = line.partition(": ")
        node = yaml.compose(rest, Loader=yaml.CSafeLoader)
        assert isinstance(node, yaml.SequenceNode)
        found[name] = [rest[one.start_mark.index : one.end_mark.index] for one in node.value]
    return found


VALUES: dict[str, list[str]] = _values(_TEXT)
VALUES_SINCE: dict[tuple[int, int], dict[str, list[str]]] = {since: _values(text) for since, text in _LATER.items()}

COMMON: dict[str, Any] = {
    "services": {"other": {"image": "x"}, "third": {"image": "x"}},
    "networks": {"n1": {"ipam": {"config": [{"subnet": "10.0.0.0/24"}]}}, "n2": None},
    "volumes": {"data": None, "a": None, "a.b": None},
    "configs": {name: {"content": name} for name in ("c1", "c2")},
    "secrets": {name: {"environment": "SET"} for name in ("s1", "s2")},
}
ENVIRONMENT = {"SET": "value", "PORT": "8080"}


def flow(service: dict[str, str]) -> str:
    """A service of attributes whose values are YAML already."""
    return "{" + ", ".join(f"{name}: {value}" for name, value in service.items()) + "}"


def compose_file(services: dict[str, dict[str, str]], *, models: bool = False) -> str:
    """A Compose file with these services beside the common parts."""
    common = COMMON | ({"models": {"m1": {"model": "a"}, "m2": {"model": "b"}}} if models else {})
    parts = [
        f"{name}: {yaml.safe_dump(part, default_flow_style=True, width=10**6).strip()}"
        for name, part in common.items()
        if name != "services"
    ]
    lines = [f"  {name}: {flow(service)}" for name, service in services.items()]
    return "\n".join([*parts, "services:", "  other: {image: x}", "  third: {image: x}", *lines, ""])
