"""The catalog: `tegu.yaml` to validated repos, environments and stacks.

    document    YAML to values, with the line of everything; limits; `${NAME}`
    fields      what single values may be: names, durations, paths, addresses
    sections    the file's shape (pydantic), from which `tegu schema` comes too
    problems    every mistake as one sentence: file, line, key, what is wrong, the nearest valid key
    receivers   who is told how stacks end
    credentials secrets, from the file itself or from files beside it
    expansion   sections to frozen values: precedence, project names, collisions
    discovery   which folders globs mean
    folders     which of these are stacks at a commit
    layers      options laid over each other
    refused_variables  names that steer Docker, Compose or the shell
    catalog     the frozen value that everybody reads
    parsing     text to `Catalog`
    places      where discovered stacks lie
    stacks      `Stacks`: which stacks there are, configured and discovered, and which one a name means
    file        the file on disk, read again when it changes

Importing it costs little (pydantic and yaml only), since `tegu plan` has to start fast.
"""

from workers.catalog.catalog import Catalog
from workers.catalog.discovery import find_folders, matches_globs
from workers.catalog.file import CatalogFile, load_catalog
from workers.catalog.folders import stack_folders
from workers.catalog.parsing import parse_catalog
from workers.catalog.sections import json_schema

__all__ = [
    "Catalog",
    "CatalogFile",
    "find_folders",
    "json_schema",
    "load_catalog",
    "matches_globs",
    "parse_catalog",
    "stack_folders",
]
