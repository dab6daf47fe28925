"""Names of variables that steer the programs which a deployment starts, by the documentation of each.

Docker, Compose and their kin read settings from the environment that a stack's variables also go into. A prefix would
be the wrong fence: `DOCKER_VOLUME_STORAGE`, `COMPOSE_HTTP_TIMEOUT` or `LD_RELAY_PORT` are names that people give to
values of their own. So the names are listed, each with the rule that it falls under.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_DOCKER = """
    DOCKER_API_VERSION DOCKER_AUTH_CONFIG DOCKER_BUILDKIT DOCKER_CERT_PATH DOCKER_CLI_EXPERIMENTAL
    DOCKER_CLI_HINTS DOCKER_CLI_HOOKS DOCKER_CLI_OTEL_EXPORTER_OTLP_ENDPOINT
    DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND DOCKER_CLI_PLUGIN_SOCKET DOCKER_CLI_PLUGIN_USE_DIAL_STDIO
    DOCKER_CONFIG DOCKER_CONTENT_TRUST DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE
    DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE DOCKER_CONTENT_TRUST_SERVER DOCKER_CONTEXT DOCKER_CUSTOM_HEADERS
    DOCKER_DEFAULT_PLATFORM DOCKER_HIDE_LEGACY_COMMANDS DOCKER_HOST DOCKER_TLS DOCKER_TLS_VERIFY
"""
_COMPOSE = """
    COMPOSE_ANSI COMPOSE_BAKE COMPOSE_COMPATIBILITY COMPOSE_CONVERT_WINDOWS_PATHS COMPOSE_DISABLE_ENV_FILE
    COMPOSE_ENV_FILES COMPOSE_EXPERIMENTAL COMPOSE_EXPERIMENTAL_GIT_REMOTE COMPOSE_EXPERIMENTAL_OCI_REMOTE
    COMPOSE_EXPERIMENTAL_WATCH_TAR COMPOSE_FILE COMPOSE_IGNORE_ORPHANS COMPOSE_MENU COMPOSE_PARALLEL_LIMIT
    COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES COMPOSE_PROGRESS COMPOSE_PROJECT_NAME COMPOSE_REMOVE_ORPHANS
    COMPOSE_STATUS_STDOUT
"""
_BUILDER = """
    BUILDKIT_COLORS BUILDKIT_HOST BUILDKIT_PROGRESS BUILDKIT_TTY_LOG_LINES BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP
    BUILDX_BAKE_ENTITLEMENTS_FS BUILDX_BAKE_FILE BUILDX_BAKE_FILE_RELATIVE_PATHS BUILDX_BAKE_FILE_SEPARATOR
    BUILDX_BAKE_GIT_AUTH_HEADER BUILDX_BAKE_GIT_AUTH_TOKEN BUILDX_BAKE_GIT_SSH BUILDX_BAKE_PATH_SEPARATOR
    BUILDX_BUILDER BUILDX_CONFIG BUILDX_CPU_PROFILE BUILDX_DEFAULT_POLICY BUILDX_EXPERIMENTAL
    BUILDX_GIT_CHECK_DIRTY BUILDX_GIT_INFO BUILDX_GIT_LABELS BUILDX_MEM_PROFILE BUILDX_METADATA_PROVENANCE
    BUILDX_METADATA_WARNINGS BUILDX_NO_DEFAULT_ATTESTATIONS BUILDX_NO_DEFAULT_LOAD
    EXPERIMENTAL_BUILDKIT_SOURCE_POLICY
"""
_LOADER = """
    GLIBC_TUNABLES LD_ASSUME_KERNEL LD_AUDIT LD_BIND_NOT LD_BIND_NOW LD_DEBUG LD_DEBUG_OUTPUT LD_DYNAMIC_WEAK
    LD_HWCAP_MASK LD_LIBRARY_PATH LD_ORIGIN_PATH LD_POINTER_GUARD LD_PREFER_MAP_32BIT_EXEC LD_PRELOAD LD_PROFILE
    LD_PROFILE_OUTPUT LD_SHOW_AUXV LD_TRACE_LOADED_OBJECTS LD_TRACE_PRELINKING LD_USE_LOAD_BIAS LD_VERBOSE
    LD_WARN
"""
_SHELL = "BASH_ENV BASHOPTS HOME PATH PWD SHELLOPTS"

_RULES = {
    "steers the docker command (an environment variable of Docker's command line)": _DOCKER,
    "steers Compose (one of its pre-defined environment variables)": _COMPOSE,
    "steers the builder (a configuration variable of Buildx and BuildKit)": _BUILDER,
    "steers how programs are loaded (an environment variable of ld.so)": _LOADER,
    "steers the shell": _SHELL,
    "steers every program that is written in Go, Docker and Compose among them": "GODEBUG",
    "is the agent that holds SSH keys, which is the worker's own": "SSH_AUTH_SOCK",
}

STEERING: Mapping[str, str] = MappingProxyType({name: rule for rule, names in _RULES.items() for name in names.split()})
"""Every such name with the rule, a sentence's end.

Sources: `docker` reference, Environment variables, and `DOCKER_CLI_…` of its plugins; Compose, Pre-defined environment
variables, and those of its experiments; Docker Build, Build tool configuration variables; ld.so(8); bash(1); Go,
package runtime. As of Docker 29, Compose 5.6, Buildx 0.36 and glibc 2.41. What only older programs read and today's
pass over (`COMPOSE_HTTP_TIMEOUT`) may be used.
"""
