"""The only reader of the process environment.

On pydantic alone: `pydantic-settings` would be the usual choice, but importing it costs as much as all of
`tegu plan` may take (docs/decisions/settings-on-plain-pydantic.md).
"""

# Without `from __future__ import annotations`, which would have pydantic compile every annotation once more.
import os
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from workers.model.errors import UsageError
from workers.model.secret import Secret
from workers.runtime.catalog_place import find_catalog

PREFIX = "TEGU_"

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_ADDRESS = re.compile(r"(\[[^\s\[\]/]+\]|[^\s\[\]/]*):([0-9]{1,5})")
_LAST_PORT = 65535


def parse_duration(value: object) -> timedelta:
    """Read `90`, `90s`, `5m` or `1h30m`; a bare number counts seconds.

    Raises:
        ValueError: for anything else, and for nothing at all.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return timedelta(seconds=value)
    text = str(value).strip()
    if text.isdigit():
        return timedelta(seconds=int(text))
    match = _DURATION.fullmatch(text)
    if not match or not text:
        message = f"{value!r} is not a duration; write it like 30s, 5m or 1h30m"
        raise ValueError(message)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def write_duration(duration: timedelta) -> str:
    """A duration as `parse_duration` reads it: `5m`, `1h30m`; parts of a second are left out."""
    seconds = int(duration.total_seconds())
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def host_and_port(address: str) -> tuple[str, int]:
    """Take `host:port` apart; an IPv6 address loses its brackets, and no host is every one.

    Raises:
        ValueError: it is no such address.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) <= _LAST_PORT:
        message = f"{address!r} is not host:port"
        raise ValueError(message)
    return match[1].strip("[]"), int(match[2])


def _address(address: str) -> str:
    host_and_port(address)
    return address


def _unless_off(value: object) -> object:
    return None if value == "off" else value


def _count(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,3}", value.strip()):
        message = f"{value!r} is not a count; write how many proxies stand in front, such as 1"
        raise ValueError(message)
    return value


def _redis_url(url: str) -> str:
    """What is plainly none; the rest is for redis-py, which takes longer to load than some commands run.

    The message does not repeat the URL, which may hold a password.
    """
    if not _names_a_redis(url):
        message = "write it like redis://host:6379/0, rediss://… or unix:///path"
        raise ValueError(message)
    return url


def _names_a_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.path) if parts.scheme == "unix" else parts.scheme in {"redis", "rediss"} and port != 0


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
_Address = Annotated[str, AfterValidator(_address)]


def _default_data_dir() -> Path:
    return Path("/var/lib/tegu") if os.geteuid() == 0 else Path.home() / ".local/share/tegu"


class Settings(BaseModel):
    """Tegu's settings, one field per `TEGU_…` variable, in lower case.

    `redis_url` None: the embedded Redis on `redis_socket`. `data_dir` is canonical. `bind` and `flower_bind` are
    `host:port`; `flower_bind` None: without Flower. `api_open` says who needs no token. `worker` is a name as the
    catalog has them. `trusted_proxies` counts the proxies whose `X-Forwarded-*` is believed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    catalog: Path = Path("tegu.yaml")
    data_dir: Path
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = None
    bind: _Address = "127.0.0.1:8000"
    api_token: Secret | None = None
    api_open: Literal["loopback"] | None = None
    worker: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = "local"
    concurrency: Annotated[int, Field(ge=1)] = 4
    reconcile: Annotated[Duration, Field(gt=timedelta())] = timedelta(minutes=5)
    public_url: str | None = None
    trusted_proxies: Annotated[int, BeforeValidator(_count), Field(ge=0)] = 0
    flower_bind: Annotated[_Address | None, BeforeValidator(_unless_off)] = "127.0.0.1:5555"
    log_format: Literal["console", "json"] = "console"

    @property
    def redis_socket(self) -> Path:
        """Where the embedded Redis listens."""
        return self.data_dir / "redis.sock"

    @property
    def broker_url(self) -> str:
        """Redis as Kombu names it: `redis://`, `rediss://`, or `redis+socket://` for a Unix socket."""
        if self.redis_url is None:
            return f"redis+socket://{self.redis_socket}"
        if self.redis_url.startswith("unix://"):
            return "redis+socket://" + self.redis_url.removeprefix("unix://")
        return self.redis_url

    @property
    def state_url(self) -> str:
        """Redis as redis-py names it: `redis://`, `rediss://` or `unix://`."""
        if self.redis_url is None:
            return f"unix://{self.redis_socket}"
        return self.redis_url


def load_settings(environ: Mapping[str, str] | None = None, *, search: bool = True) -> Settings:
    """Read the settings from the environment.

    Args:
        environ: the environment to read; the process's own by default.
        search: whether a catalog that no variable names is looked for in the folders above, and in `/etc/tegu`.

    Raises:
        UsageError: naming every variable that is wrong.
    """
    environ = os.environ if environ is None else environ  # noqa: TID251 (here is where it is read)
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    problems: list[str] = []
    values: dict[str, object] = {
        field: given[PREFIX + field.upper()] for field in Settings.model_fields if PREFIX + field.upper() in given
    }
    if search and "catalog" not in values and (found := find_catalog(Path.cwd())):
        values["catalog"] = found
    values["api_token"] = _api_token(given, problems)
    data_dir = Path(str(values.get("data_dir") or _default_data_dir()))
    values["data_dir"] = Path(os.path.realpath(data_dir.expanduser()))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [
            f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        ]
    if problems:
        raise UsageError("\n".join(problems))
    return settings


def _api_token(given: Mapping[str, str], problems: list[str]) -> Secret | None:
    """The token. One that is there and holds nothing is a mistake: without a token the API would be open to some."""
    name, file = f"{PREFIX}API_TOKEN", f"{PREFIX}API_TOKEN_FILE"
    if name in given and file in given:
        problems.append(f"{file}: stands beside {name}; keep one of them")
        return None
    if file in given:
        name, path = file, given[file]
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text"
            problems.append(f"{file}: {path} cannot be read ({reason})")
            return None
    elif name in given:
        text = given[name].strip()
    else:
        return None
    if not text:
        problems.append(f"{name}: holds no token; write one, or unset it")
    return Secret(text)


def setting_names() -> list[str]:
    """The names of every environment variable that Tegu reads."""
    return sorted([*(PREFIX + name.upper() for name in Settings.model_fields), "TEGU_API_TOKEN_FILE"])


def inherited(names: Iterable[str]) -> dict[str, str]:
    """Those variables of this process that a child may see as they are (`PATH`, `SSH_AUTH_SOCK`, …).

    Args:
        names: an allow-list; variables that are not set are left out.
    """
    return {name: os.environ[name] for name in names if name in os.environ}  # noqa: TID251 (here is where it is read)


def process_environment() -> Mapping[str, str]:
    """The environment as it is now, for the `${NAME}` of a catalog."""
    return dict(os.environ)  # noqa: TID251 (here is where it is read)


def replace_environment(variables: Mapping[str, str]) -> None:
    """Make these the environment of this process, for itself and its children."""
    os.environ.clear()  # noqa: TID251 (here is where it is kept)
    os.environ.update(variables)  # noqa: TID251
