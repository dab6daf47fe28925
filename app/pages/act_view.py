"""The page before an order, as values: what would come of it, what else could be wanted, and the form. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from app.pages.acts import Act
from app.pages.commit_view import CommitView, CommitViews
from app.pages.prospect import Prospect
from app.pages.wish import Wish
from workers.adapters.state import answers

_TITLES: Mapping[Act, tuple[str, str]] = {
    Act.DEPLOY: ("Deploy", "Deploy now"),
    Act.ROLLBACK: ("Roll back", "Roll back now"),
    Act.PAUSE: ("Pause", "Pause it"),
    Act.RESUME: ("Resume", "Resume it"),
    Act.CANCEL: ("Cancel", "Cancel it"),
    Act.ADOPT: ("Adopt", "Adopt it"),
    Act.FORGET: ("Forget", "Forget it"),
}
"""What a page and its button are called."""


@dataclass(frozen=True, slots=True)
class Option:
    """Another way to want it: chosen by a link, since it has a plan of its own."""

    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Between:
    """A commit that comes or is taken back, and whether it changed something of the stack."""

    commit: CommitView
    is_gained: bool
    reaches: bool


@dataclass(frozen=True, slots=True)
class ActPage:
    """The page.

    Attributes:
        about: what something is wanted of, in full.
        about_url: its page.
        name: what it is called in the heading.
        title: what is wanted.
        confirm: what the button says.
        url: where it is looked at.
        order_url: where the form goes.
        form: the name of the form, another each time.
        prospect: what would come of it; None where nobody could say.
        silence: why nobody could.
        changed: what is told of a plan that has changed since it was shown; empty where it has not.
        hidden: what else the form carries.
        reason: of a pause, as it was typed; None where none is asked for.
        columns: what stands in the table of what would be touched.
        options: other ways to want it.
        commit: where the stack would be.
        commits: that come or are taken back.
    """

    about: str
    about_url: str
    name: str
    title: str
    confirm: str
    url: str
    order_url: str
    form: str
    prospect: Prospect | None
    silence: str
    changed: str
    hidden: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    columns: tuple[str, str, str] = ("Service", "Action", "Because of")
    options: tuple[Option, ...] = ()
    commit: CommitView | None = None
    commits: tuple[Between, ...] = ()


def act_page(
    wish: Wish,
    prospect: Prospect | None,
    *,
    silence: str,
    changed: str,
    form: str,
    heirs: Iterable[str],
    commits: CommitViews,
    repo_url: str | None,
) -> ActPage:
    """Make the page.

    Args:
        wish: what is wanted.
        prospect: what would come of it; None where nobody could say.
        silence: why nobody could.
        changed: what is told of a plan that has changed.
        form: the name of the form.
        heirs: the stacks that are gone and with which this one seems to go on.
        commits: what is known of them.
        repo_url: of the stack's repo.
    """
    title, confirm = _TITLES[wish.act]
    about_url = f"/stacks/{quote(wish.stack)}"
    return ActPage(
        about=wish.stack,
        about_url=about_url,
        name=wish.stack.partition("/")[2],
        title=title,
        confirm=confirm,
        url=wish.url,
        order_url=f"{about_url}/{wish.act}",
        form=form,
        prospect=prospect,
        silence=silence,
        changed=changed,
        hidden=wish.options,
        reason=wish.reason if wish.act is Act.PAUSE else None,
        options=_options(wish, tuple(heirs)),
        commit=commits.view(prospect.commit if prospect else None, repo_url),
        commits=between_views(prospect.between, commits, repo_url) if prospect else (),
    )


def between_views(found: answers.Between, commits: CommitViews, repo_url: str | None) -> tuple[Between, ...]:
    """The commits between two, as pages name them."""
    views = ((each, commits.view(each.id, repo_url)) for each in found.commits)
    return tuple(Between(view, each.is_gained, each.reaches) for each, view in views if view)


def told_of_change(shown: CommitView | None, now: CommitView | None) -> str:
    """What is said of a plan that is another one than was shown."""
    if shown and now and shown.id != now.id:
        return f"Nothing was ordered: you have seen the plan for {shown.short}, and now it is {now.short}. Look again."
    return "Nothing was ordered: since you have seen the plan, something has changed. This is the plan now."


def _options(wish: Wish, heirs: tuple[str, ...]) -> tuple[Option, ...]:
    match wish.act:
        case Act.DEPLOY:
            ways = [("What has changed", replace(wish, force=False)), ("Every service anew", replace(wish, force=True))]
        case Act.ROLLBACK:
            ways = [
                ("Until it is resumed", replace(wish, hold="until_release")),
                ("Until a push changes it", replace(wish, hold="until_push")),
            ]
        case Act.FORGET:
            ways = [
                ("Leave its containers", replace(wish, down=False)),
                ("Take them down first", replace(wish, down=True)),
            ]
        case Act.ADOPT:
            ways = _adoptions(wish, heirs)
        case _:
            ways = []
    return tuple(Option(label, each.url, each == wish) for label, each in ways)


def _adoptions(wish: Wish, heirs: tuple[str, ...]) -> list[tuple[str, Wish]]:
    anew = replace(wish, data="leave", source="")
    if heirs:
        going_on = [(f"Go on with {each}", replace(wish, data=None, source=each)) for each in heirs]
        return [*going_on, ("Begin anew", anew)]
    move, copy = replace(wish, data="move", source=""), replace(wish, data="copy", source="")
    return [("Move its data", move), ("Copy its data", copy), ("Leave its data", anew)]
