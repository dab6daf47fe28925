"""Ordering what somebody wishes, by the functions that API and command line order by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from app.pages.acts import Act
from app.pages.wish import Wish
from workers.model.words import Trigger
from workers.reconcile import requests
from workers.reconcile.cancel import request_cancel
from workers.reconcile.forget import request_forget
from workers.services import Services


def carry_out(services: Services, wish: Wish, who: str) -> str:
    """Order it.

    Args:
        services: the process's.
        wish: what is ordered.
        who: who orders it.

    Returns:
        The page that shows its start.

    Raises:
        UnknownName: there is no such stack, or commit.
        UserError: it cannot be ordered as things stand.
        RedisUnavailable: nothing was ordered.
    """
    return _ORDERED[wish.act](services, wish, who)


def _deploy(services: Services, wish: Wish, who: str) -> str:
    run = requests.request_deploy(services, [wish.stack], force=wish.force, trigger=Trigger.PAGE, who=who)
    return _run(run)


def _roll_back(services: Services, wish: Wish, who: str) -> str:
    run = requests.request_rollback(services, wish.stack, to=wish.to, hold=wish.hold, who=who, trigger=Trigger.PAGE)
    return _run(run)


def _pause(services: Services, wish: Wish, who: str) -> str:
    requests.pause(services, services.stacks.find(wish.stack), who=who, why=wish.reason)
    return _stack(wish)


def _resume(services: Services, wish: Wish, who: str) -> str:
    stack = services.stacks.find(wish.stack)
    requests.resume(services, stack)
    run, _ = requests.request_pull(services, stack.repo, Trigger.PAGE, workers=(stack.worker,), who=who)
    return _run(run)


def _cancel(services: Services, wish: Wish, who: str) -> str:
    cancelled = request_cancel(services, wish.stack, who=who)
    return f"/deployments/{quote(cancelled.deployment)}" if cancelled.deployment else _stack(wish)


def _adopt(services: Services, wish: Wish, who: str) -> str:
    run = requests.request_adoption(
        services, wish.stack, data=wish.data, source=wish.source or None, who=who, trigger=Trigger.PAGE
    )
    return _run(run)


def _forget(services: Services, wish: Wish, who: str) -> str:
    return _run(request_forget(services, wish.stack, down=wish.down, who=who, trigger=Trigger.PAGE))


def _run(run: str) -> str:
    return f"/runs/{quote(run)}"


def _stack(wish: Wish) -> str:
    return f"/stacks/{quote(wish.stack)}"


_ORDERED: Mapping[Act, Callable[[Services, Wish, str], str]] = {
    Act.DEPLOY: _deploy,
    Act.ROLLBACK: _roll_back,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.CANCEL: _cancel,
    Act.ADOPT: _adopt,
    Act.FORGET: _forget,
}
