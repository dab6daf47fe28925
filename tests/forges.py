"""Deliveries as the forges send them, signed: headers and body, ready for a client.

    delivery = push("gitea", secret="s3cret", form=True)
    requests.post(url, data=delivery.body, headers=delivery.headers)

The shapes follow the pages that the modules of `app.webhooks` name; what they hold is made up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

SECRET = "correct horse battery stäple"
COMMIT = "8d1f6a3bc05e4a27b6f0c19e2d7a54810f3e9c6b"
BEFORE = "1c2b3a4958675645342312010fedcba987654321"
ZEROS = "0" * 40
BRANCH = "refs/heads/main"

Updates = Sequence[tuple[str, str | None]]
"""(ref, commit) pairs; the commit None for a deletion."""


@dataclass(frozen=True)
class Delivery:
    """One request of a forge."""

    headers: dict[str, str]
    body: bytes

    def with_headers(self, **headers: str | None) -> Delivery:
        """The same with headers replaced (`x_gitlab_token="…"`) or, with None, left out."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in names}
        return replace(self, headers=kept | {name: value for name, value in names.items() if value is not None})


def push(
    forge: str,
    updates: Updates = ((BRANCH, COMMIT),),
    *,
    secret: str = SECRET,
    form: bool = False,
) -> Delivery:
    """A push. Only both Bitbuckets and Azure DevOps can announce several updates at once."""
    return sign(forge, EVENTS[forge][0], PAYLOADS[forge](updates), secret=secret, form=form)


def ping(forge: str, *, secret: str = SECRET) -> Delivery:
    """The delivery with which `github` and `bitbucket_server` try a webhook out."""
    bodies = {
        "github": {"zen": "Keep it logically awesome.", "hook_id": 311, "hook": {"type": "Repository", "active": True}},
        "bitbucket_server": {"test": True},
    }
    return sign(forge, {"github": "ping", "bitbucket_server": "diagnostics:ping"}[forge], bodies[forge], secret=secret)


def other_event(forge: str, *, secret: str = SECRET) -> Delivery:
    """An event that is not a push, of any forge but the generic sender."""
    payload = {
        "action": "opened",
        "number": 7,
        "eventType": "git.pullrequest.created",
        "title": "Renew the certificate",
    }
    return sign(forge, EVENTS[forge][1], payload, secret=secret)


def sign(forge: str, event: str, payload: object, *, secret: str = SECRET, form: bool = False) -> Delivery:
    """Any payload as a delivery of any forge."""
    text = json.dumps(payload).encode()
    return sign_raw(forge, event, text, secret=secret, form=form)


def sign_raw(forge: str, event: str, text: bytes, *, secret: str = SECRET, form: bool = False) -> Delivery:
    """Any bytes as a delivery; `form` puts them into the field `payload`."""
    body = urlencode({"payload": text}).encode() if form else text
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"Content-Type": kind, "User-Agent": _AGENTS.get(forge, "curl/8.5.0")}
    return Delivery(headers | _HEADERS[forge](event, body, text, secret), body)


def standard_webhook(delivery: Delivery, key: bytes) -> Delivery:
    """A GitLab delivery, signed as Standard Webhooks are instead of with a token."""
    signed = b"msg_1.1795433000." + delivery.body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return delivery.with_headers(
        x_gitlab_token=None,
        webhook_id="msg_1",
        webhook_timestamp="1795433000",
        webhook_signature=f"v1,b2xkIGtleQ== v1,{signature}",
    )


# ---------------------------------------------------------------- authentication

DELIVERY_ID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
_AGENTS = {
    "github": "GitHub-Hookshot/044aadd",
    "gitlab": "GitLab/17.8.1",
    "bitbucket_cloud": "Bitbucket-Webhooks/2.0",
    "bitbucket_server": "Atlassian HttpClient 4.1.1 / Bitbucket-8.19.3 (8019003) / Default",
    "azure_devops": "VSServices/20.260.36418.1 (TFS; w3wp.exe; Service Hooks)",
}


def _digest(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """Gitea sends an empty digest without a secret; the others then send none at all, which comes to the same."""
    return hmac.new(secret.encode(), body, algorithm).hexdigest() if secret else ""


def _wire(secret: str) -> str:
    """A header's text as WSGI hands it over, and as HTTP clients want it: its bytes read as Latin-1."""
    return secret.encode().decode("latin-1")


def _github(event: str, body: bytes, _text: bytes, secret: str) -> dict[str, str]:
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": DELIVERY_ID,
        "X-GitHub-Hook-ID": "292430182",
        "X-Hub-Signature": f"sha1={_digest(secret, body, 'sha1')}",
        "X-Hub-Signature-256": f"sha256={_digest(secret, body)}",
    }


def _gogs(event: str, _body: bytes, text: bytes, secret: str) -> dict[str, str]:
    return {
        "X-Github-Event": event,
        "X-Github-Delivery": DELIVERY_ID,
        "X-Gogs-Event": event,
        "X-Gogs-Delivery": DELIVERY_ID,
        "X-Gogs-Signature": _digest(secret, text),
    }


def _gitea(event: str, body: bytes, text: bytes, secret: str) -> dict[str, str]:
    return _gogs(event, body, text, secret) | {
        "X-Gitea-Event": event,
        "X-Gitea-Event-Type": event,
        "X-Gitea-Signature": _digest(secret, text),
        "X-Hub-Signature": f"sha1={_digest(secret, text, 'sha1')}",
        "X-Hub-Signature-256": f"sha256={_digest(secret, text)}",
    }


def _forgejo(event: str, body: bytes, text: bytes, secret: str) -> dict[str, str]:
    own = {"X-Forgejo-Event": event, "X-Forgejo-Event-Type": event, "X-Forgejo-Signature": _digest(secret, text)}
    return _gitea(event, body, text, secret) | own


def _gitlab(event: str, _body: bytes, _text: bytes, secret: str) -> dict[str, str]:
    return {
        "X-Gitlab-Event": event,
        "X-Gitlab-Token": _wire(secret),
        "X-Gitlab-Event-UUID": DELIVERY_ID,
        "X-Gitlab-Instance": "https://gitlab.example.com",
        "Idempotency-Key": DELIVERY_ID,
    }


def _bitbucket_server(event: str, body: bytes, _text: bytes, secret: str) -> dict[str, str]:
    return {"X-Event-Key": event, "X-Request-Id": DELIVERY_ID, "X-Hub-Signature": f"sha256={_digest(secret, body)}"}


def _bitbucket_cloud(event: str, body: bytes, text: bytes, secret: str) -> dict[str, str]:
    own = {"X-Hook-UUID": "{5c7a1d9e}", "X-Request-UUID": DELIVERY_ID, "X-Attempt-Number": "1"}
    return _bitbucket_server(event, body, text, secret) | own


def _azure_devops(_event: str, _body: bytes, _text: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"tegu:{secret}".encode()).decode()}


def _generic(_event: str, _body: bytes, _text: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {_wire(secret)}"}


_HEADERS = {
    "github": _github,
    "gitlab": _gitlab,
    "gitea": _gitea,
    "forgejo": _forgejo,
    "gogs": _gogs,
    "bitbucket_cloud": _bitbucket_cloud,
    "bitbucket_server": _bitbucket_server,
    "azure_devops": _azure_devops,
    "generic": _generic,
}

EVENTS = {
    "github": ("push", "pull_request"),
    "gitlab": ("Push Hook", "Merge Request Hook"),
    "gitea": ("push", "pull_request"),
    "forgejo": ("push", "pull_request"),
    "gogs": ("push", "pull_request"),
    "bitbucket_cloud": ("repo:push", "pullrequest:created"),
    "bitbucket_server": ("repo:refs_changed", "pr:opened"),
    "azure_devops": ("git.push", "git.pullrequest.created"),
    "generic": ("", ""),
}
"""The forge's names for a push and for an event that is none."""

FORGES = tuple(EVENTS)


# ---------------------------------------------------------------- payloads

_PERSON = {"name": "Ada", "username": "ada", "email": "ada@example.com"}


def _github_push(updates: Updates) -> dict[str, Any]:
    ((ref, commit),) = updates
    head = {
        "id": commit,
        "message": "Serve the new certificate\n\nThe old one ends on Übermorgen.",
        "timestamp": "2026-11-20T11:22:33+01:00",
        "url": f"https://forge.example.com/me/homelab/commit/{commit}",
        "author": _PERSON,
        "committer": _PERSON,
        "added": [],
        "removed": [],
        "modified": ["services/authelia/config/configuration.yml"],
    }
    return {
        "ref": ref,
        "before": ZEROS if ref.startswith("refs/tags/") else BEFORE,
        "after": commit or ZEROS,
        "created": ref.startswith("refs/tags/"),
        "deleted": commit is None,
        "forced": False,
        "compare": f"https://forge.example.com/me/homelab/compare/{BEFORE[:12]}...{(commit or ZEROS)[:12]}",
        "commits": [head] if commit else [],
        "head_commit": head if commit else None,
        "repository": {"id": 35129377, "name": "homelab", "full_name": "me/homelab", "default_branch": "main"},
        "pusher": _PERSON,
        "sender": {"login": "ada", "id": 6752317, "type": "User"},
    }


def _gitea_push(updates: Updates) -> dict[str, Any]:
    payload = _github_push(updates)
    for name in ("created", "deleted", "forced", "compare"):
        del payload[name]
    return payload | {"compare_url": "https://forge.example.com/me/homelab/compare/1c2b...8d1f", "total_commits": 1}


def _gogs_push(updates: Updates) -> dict[str, Any]:
    payload = _gitea_push(updates)
    del payload["head_commit"]
    return payload


def _gitlab_push(updates: Updates) -> dict[str, Any]:
    ((ref, commit),) = updates
    kind = "tag_push" if ref.startswith("refs/tags/") else "push"
    return {
        "object_kind": kind,
        "event_name": kind,
        "before": BEFORE,
        "after": commit or ZEROS,
        "ref": ref,
        "ref_protected": True,
        "checkout_sha": commit,
        "user_username": "ada",
        "project_id": 15,
        "project": {"id": 15, "name": "Homelab", "path_with_namespace": "me/homelab", "default_branch": "main"},
        "commits": [{"id": commit, "message": "Serve the new certificate\n", "author": _PERSON}] if commit else [],
        "total_commits_count": 1 if commit else 0,
    }


def _bitbucket_cloud_push(updates: Updates) -> dict[str, Any]:
    def side(ref: str, commit: str) -> dict[str, Any]:
        kind = "tag" if ref.startswith("refs/tags/") else "branch"
        return {"type": kind, "name": ref.split("/", 2)[2], "target": {"type": "commit", "hash": commit}}

    changes: list[dict[str, Any]] = [
        {
            "old": side(ref, BEFORE),
            "new": side(ref, commit) if commit else None,
            "created": False,
            "closed": commit is None,
            "forced": False,
            "commits": [],
            "truncated": False,
        }
        for ref, commit in updates
    ]
    return {"actor": {"nickname": "ada"}, "repository": {"full_name": "me/homelab"}, "push": {"changes": changes}}


def _bitbucket_server_push(updates: Updates) -> dict[str, Any]:
    changes: list[dict[str, Any]] = [
        {
            "ref": {"id": ref, "displayId": ref.split("/", 2)[2], "type": "TAG" if "/tags/" in ref else "BRANCH"},
            "refId": ref,
            "fromHash": BEFORE,
            "toHash": commit or ZEROS,
            "type": "UPDATE" if commit else "DELETE",
        }
        for ref, commit in updates
    ]
    return {
        "eventKey": "repo:refs_changed",
        "date": "2026-11-20T11:22:33+0100",
        "actor": {"name": "ada", "emailAddress": "ada@example.com", "active": True},
        "repository": {"slug": "homelab", "id": 84, "project": {"key": "ME"}},
        "changes": changes,
    }


def _azure_devops_push(updates: Updates) -> dict[str, Any]:
    moved = [
        {"name": ref, "oldObjectId": BEFORE, "newObjectId": commit or ZEROS, "repositoryId": "278d5cd2"}
        for ref, commit in updates
    ]
    return {
        "id": DELIVERY_ID,
        "eventType": "git.push",
        "publisherId": "tfs",
        "message": {"text": "Ada pushed updates to homelab:main."},
        "resource": {
            "commits": [
                {"commitId": commit, "comment": "Serve the new certificate"} for _, commit in updates if commit
            ],
            "refUpdates": moved,
            "repository": {"id": "278d5cd2", "name": "homelab", "defaultBranch": BRANCH},
            "pushedBy": {"displayName": "Ada"},
            "pushId": 14,
        },
        "resourceVersion": "1.0",
        "createdDate": "2026-11-20T11:22:33.000Z",
    }


def _generic_push(updates: Updates) -> dict[str, Any]:
    ((ref, commit),) = updates
    return {"ref": ref, "commit": commit} if commit else {"ref": ref}


PAYLOADS = {
    "github": _github_push,
    "gitlab": _gitlab_push,
    "gitea": _gitea_push,
    "forgejo": _gitea_push,
    "gogs": _gogs_push,
    "bitbucket_cloud": _bitbucket_cloud_push,
    "bitbucket_server": _bitbucket_server_push,
    "azure_devops": _azure_devops_push,
    "generic": _generic_push,
}
