"""What `tegu doctor` says of repos: whether ssh can use their files, and how their last pulls ended."""

from __future__ import annotations

from collections.abc import Iterator

from workers.adapters.git.ssh_files import problems_of
from workers.catalog import Catalog
from workers.commands.checked import Checked
from workers.model.errors import CatalogError
from workers.services import Services


def files_of_repos(catalog: Catalog) -> Iterator[Checked]:
    """The keys and known hosts of repos that ssh cannot use; nobody is asked."""
    for repo in catalog.repos.values():
        for problem in problems_of(repo):
            yield Checked(f"repo {repo.name}", "failed", problem, "mend it; `tegu check` asks the server")


def pulls_of_repos(services: Services) -> Iterator[Checked]:
    """How the last pull of each repo ended, and whom one is asking.

    Raises:
        RedisUnavailable: when that is not known.
    """
    try:
        catalog = services.catalog.current()
    except CatalogError:  # the catalog's own check tells more
        return
    for state in services.state.repos.all({repo: catalog.workers(repo) for repo in catalog.repos}):
        name, last, asking = f"repo {state.repo}", state.last_pull, state.asking
        if asking is not None:
            yield Checked(name, "ok", f"a pull is asking {asking.host} since {asking.since}")
        if last is None:
            yield Checked(name, "ok", f"not pulled yet; `tegu pull {state.repo}` does it")
        elif last.failed:
            found = f"pulls fail since {last.since}, the last one at {last.at}: {last.error}"
            yield Checked(name, "failed", found, "`tegu check` asks again and says whether it is mended")
        else:
            yield Checked(name, "ok", f"pulled at {last.at}")
