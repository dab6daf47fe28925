"""How large a stack's own files may be, so that no commit can make Tegu spend minutes or gigabytes on it.

Every limit is far above what a real stack needs, and is checked before the cost arises.
"""

from __future__ import annotations

MAX_COMPOSE_BYTES = 1024 * 1024
"""The largest Compose file that is parsed."""

MAX_ENV_FILE_BYTES = 1024 * 1024
"""The largest `.env`, `env_file` or `label_file` that is read."""

MAX_IGNORE_FILE_BYTES = 1024 * 1024
"""The largest `.dockerignore` that is read."""

MAX_IGNORE_PATTERNS = 5_000
"""How many patterns one `.dockerignore` may have."""

MAX_IGNORE_PLACES = 100_000
"""How many characters and wildcards these may have together, repetitions written out."""

MAX_DEPTH = 100
"""How deep mappings and sequences may nest in a Compose file, aliases followed."""

MAX_NODES = 50_000
"""How many keys and values a Compose file may have once every alias stands for its own copy."""

MAX_TEXT = 16 * 1024 * 1024
"""How many characters a Compose file may have once every alias stands for its own copy."""

MAX_INTERPOLATED = 1024 * 1024
"""How long one value may become when its variables are put in, and how many are gone through for a Dockerfile's."""

MAX_TEMPLATE_DEPTH = 20
"""How deep `${…}` may nest inside the default of another."""

MAX_COMPOSE_FILES = 200
"""How many Compose files one stack may be made of: its own, included ones and extended ones."""

MAX_EXTENDS = 50
"""How long a chain of `extends` may be."""

MAX_CLOSURE = 100_000
"""How many paths a closure may have."""

MAX_FOLDER_DEPTH = 100
"""How many folders may lie in one another below a path of a closure."""

MAX_SYMLINKS = 40
"""How many symlinks one path may pass through, as in Linux."""
