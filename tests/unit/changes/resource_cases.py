"""Definitions of a network and a volume called `res` in a project called `app`: which are the same to Compose."""

from __future__ import annotations

# the section, and two definitions that Compose shows alike
SAME: dict[str, tuple[str, str, str]] = {
    f"{section}: {what}": (section, one, other)
    for section in ("networks", "volumes")
    for what, one, other in (
        ("labels as a list", "labels: {a: b, c: }", "labels: [a=b, c]"),
        ("labels of numbers", "labels: {a: 1, b: true, c: 1.50}", "labels: {a: '1', b: 'true', c: '1.5'}"),
        ("no labels", "labels: {}", ""),
        ("options of numbers", "driver_opts: {a: 1, b: 1e3}", "driver_opts: {a: '1', b: '1000'}"),
        ("no options", "driver_opts: {}", ""),
        ("the usual name", "name: app_res", ""),
        ("a name from a variable", "name: '${COMPOSE_PROJECT_NAME}_res'", ""),
        ("a name from the defaults", "name: '${GONE:-other}'", "name: other"),
        ("not external", "external: false", ""),
        ("not external as text", "external: 'false'", ""),
        ("external as text", "external: 'true'", "external: true"),
        ("external by the usual name", "{external: true, name: res}", "external: true"),
        ("the order of keys", "{driver: x, labels: {a: b, c: d}}", "{labels: {c: d, a: b}, driver: x}"),
    )
} | {
    "networks: what is off anyway": ("networks", "{internal: false, attachable: 'false'}", ""),
    "networks: internal as text": ("networks", "internal: 'true'", "internal: true"),
    "networks: a flag from a variable": ("networks", "internal: '${GONE:-yes}'", "internal: true"),
    "networks: without IPv6 as text": ("networks", "enable_ipv6: 'false'", "enable_ipv6: false"),
    "networks: no addresses": ("networks", "ipam: {}", ""),
}

# and two that are different to it
DIFFERENT: dict[str, tuple[str, str, str]] = {
    f"{section}: {what}": (section, one, other)
    for section in ("networks", "volumes")
    for what, one, other in (
        ("a label", "labels: {a: b}", "labels: {a: c}"),
        ("a label more", "labels: [a=b, c]", "labels: [a=b]"),
        ("an option", "driver_opts: {a: 1}", "driver_opts: {a: 2}"),
        ("the driver", "driver: x", "driver: z"),
        ("another name", "name: app_other", ""),
        ("external by the name that it has", "{external: true, name: app_res}", ""),
        ("external", "external: true", ""),
    )
} | {
    "networks: internal": ("networks", "internal: true", ""),
    "networks: without IPv6": ("networks", "enable_ipv6: false", ""),
    "networks: the driver that is usual": ("networks", "driver: bridge", ""),
    "networks: a subnet": (
        "networks",
        "ipam: {config: [{subnet: 10.9.0.0/16}]}",
        "ipam: {config: [{subnet: 10.8.0.0/16}]}",
    ),
}


def compose_file(section: str, definition: str) -> str:
    """A Compose file whose one service uses the definition."""
    use = "networks: [res]" if section == "networks" else "volumes: ['res:/r']"
    braced = definition if definition.startswith("{") else f"{{{definition}}}"
    return f"{{services: {{web: {{image: busybox, {use}}}}}, {section}: {{res: {braced}}}}}"
