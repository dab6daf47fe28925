"""`tegu explain`: why the last decision came out as it did."""

from __future__ import annotations

from typing import Any

import click

from app.cli.commit_text import CommitTexts
from app.cli.explain_text import Explanation
from app.cli.names import stack_argument
from app.cli.output import json_option, print_json, verbose_option
from app.cli.session import Session, pass_session
from app.http.schemas import stack_facts
from app.pages.commit_view import CommitViews
from app.pages.moments import Times
from app.pages.stack_view import stack_page
from workers.commands.plan import explain_named


@click.command()
@stack_argument
@verbose_option
@json_option
@pass_session
def explain(session: Session, stack: str, verbose: bool, as_json: bool) -> None:
    """Show why the last decision about STACK came out as it did; with -v also what the stack is made of."""
    services = session.services
    found: Any = explain_named(services, stack)
    if as_json:
        print_json(found)
        return
    (facts,) = stack_facts(services.catalog.current(), services.state, [found["stack"]])
    times = Times()
    page = stack_page(facts, None, None, (), times, CommitViews({}, times))
    commits = CommitTexts(services.state, (facts.known.deployed_commit, facts.known.latest_commit))
    click.echo("\n".join(Explanation(found, page, commits, session.names).lines(in_full=verbose)))
