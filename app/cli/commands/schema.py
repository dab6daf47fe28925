"""`tegu schema`: the JSON Schema of the catalog."""

from __future__ import annotations

import click

from app.cli.output import print_json
from workers.catalog import json_schema


@click.command()
@click.option("--json", is_flag=True, expose_value=False, help="Print JSON, which it does anyway.")
def schema() -> None:
    """Print the JSON Schema of the catalog, for editors."""
    print_json(json_schema())
