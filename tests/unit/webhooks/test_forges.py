"""Every forge against the same questions; what is one forge's own stands in the tests further down."""

from __future__ import annotations

import base64
import json

import pytest

from app import webhooks
from app.webhooks import Ignored, IgnoredReason, MalformedDelivery, Push, Update
from tests import forges
from tests.forges import BRANCH, COMMIT, SECRET, ZEROS, Delivery

TAG = "refs/tags/v1.2"
FAMILY = ("github", "gitea", "forgejo", "gogs")
SEVERAL = ("bitbucket_cloud", "bitbucket_server", "azure_devops")
WITH_EVENTS = tuple(forge for forge in forges.FORGES if forge != "generic")
SIGNATURES = {
    "github": "x_hub_signature_256",
    "gitlab": "x_gitlab_token",
    "gitea": "x_gitea_signature",
    "forgejo": "x_forgejo_signature",
    "gogs": "x_gogs_signature",
    "bitbucket_cloud": "x_hub_signature",
    "bitbucket_server": "x_hub_signature",
    "azure_devops": "authorization",
    "generic": "authorization",
}

every_forge = pytest.mark.parametrize("forge", forges.FORGES)
every_forge_with_events = pytest.mark.parametrize("forge", WITH_EVENTS)


def verified(delivery: Delivery, *secrets: str) -> bool:
    headers = webhooks.lowered(delivery.headers)
    return webhooks.is_genuine(webhooks.recognise(headers), headers, delivery.body, [s.encode() for s in secrets])


def parsed(delivery: Delivery) -> Push | Ignored:
    headers = webhooks.lowered(delivery.headers)
    return webhooks.recognise(headers).parse(headers, delivery.body)


def reason(result: Push | Ignored) -> IgnoredReason | None:
    return result.reason if isinstance(result, Ignored) else None


# ---------------------------------------------------------------- every forge


def test_a_delivery_of_gitlab_that_has_lost_its_event_is_gitlabs_all_the_same() -> None:
    delivery = forges.push("gitlab")
    headers = {name: each for name, each in webhooks.lowered(delivery.headers).items() if name != "x-gitlab-event"}
    forge = webhooks.recognise(headers)
    assert forge.NAME == "gitlab"
    assert forge.verify(headers, delivery.body, forges.SECRET.encode())
    assert isinstance(forge.parse(headers, delivery.body), Push)
    assert webhooks.recognise({"webhook-signature": "v1,x"}).NAME == "gitlab"


@every_forge
def test_a_forge_is_recognised_by_its_headers(forge: str) -> None:
    headers = webhooks.lowered(forges.push(forge).headers)
    assert forge == webhooks.recognise(headers).NAME


@every_forge
def test_a_push_is_genuine_and_names_ref_and_commit(forge: str) -> None:
    delivery = forges.push(forge)
    assert verified(delivery, SECRET)
    assert parsed(delivery) == Push((Update(BRANCH, COMMIT),))


@every_forge
def test_another_secret_is_refused(forge: str) -> None:
    assert not verified(forges.push(forge, secret="guess"), SECRET)


@every_forge
def test_a_push_without_any_signature_is_refused(forge: str) -> None:
    unsigned = forges.push(forge).with_headers(**{SIGNATURES[forge]: None})
    assert not verified(unsigned, SECRET)
    assert not webhooks.FORGES[[f.NAME for f in webhooks.FORGES].index(forge)].verify({}, b"", SECRET.encode())


@every_forge
@pytest.mark.parametrize(
    "signature", ["", " ", "sha256=", "sha256", "é", "\udcff", "ключ", "Basic", "Bearer", "Basic é"]
)
def test_a_signature_that_is_none_is_refused(forge: str, signature: str) -> None:
    assert not verified(forges.push(forge).with_headers(**{SIGNATURES[forge]: signature}), SECRET)


@every_forge
def test_an_empty_secret_is_nobodys(forge: str) -> None:
    assert not verified(forges.push(forge, secret=""), "")


@every_forge
def test_no_secret_at_all_accepts_nobody(forge: str) -> None:
    assert not verified(forges.push(forge))


@every_forge
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_of_several_secrets_is_accepted(forge: str, place: int) -> None:
    secrets = ["old", "older", "oldest"]
    secrets[place] = SECRET
    assert verified(forges.push(forge), *secrets)


@pytest.mark.parametrize("forge", [name for name in forges.FORGES if name not in ("gitlab", "azure_devops", "generic")])
def test_a_body_that_was_changed_is_refused(forge: str) -> None:
    delivery = forges.push(forge)
    assert not verified(Delivery(delivery.headers, delivery.body + b" "), SECRET)


@every_forge
def test_a_tag_is_named_in_full(forge: str) -> None:
    assert parsed(forges.push(forge, [(TAG, COMMIT)])) == Push((Update(TAG, COMMIT),))


@every_forge_with_events
@pytest.mark.parametrize("ref", [BRANCH, TAG])
def test_a_deletion_is_ignored(forge: str, ref: str) -> None:
    result = parsed(forges.push(forge, [(ref, None)]))
    assert reason(result) is IgnoredReason.DELETION


@every_forge
def test_a_push_that_names_no_commit_is_no_deletion(forge: str) -> None:
    payload = replaced(forges.PAYLOADS[forge]([(BRANCH, COMMIT)]), {COMMIT: None})
    assert parsed(forges.sign(forge, forges.EVENTS[forge][0], payload)) == Push((Update(BRANCH, None),))


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea", "forgejo", "gogs", "generic"])
def test_a_ref_alone_is_a_push(forge: str) -> None:
    assert parsed(forges.sign(forge, forges.EVENTS[forge][0], {"ref": BRANCH})) == Push((Update(BRANCH, None),))


@every_forge_with_events
def test_another_event_is_ignored(forge: str) -> None:
    assert reason(parsed(forges.other_event(forge))) is IgnoredReason.OTHER_EVENT


@pytest.mark.parametrize("forge", ["github", "bitbucket_server"])
def test_a_ping_is_genuine_and_ignored(forge: str) -> None:
    delivery = forges.ping(forge)
    assert verified(delivery, SECRET)
    assert not verified(forges.ping(forge, secret="guess"), SECRET)
    assert reason(parsed(delivery)) is IgnoredReason.PING


NOT_JSON = [
    b"nonsense",
    b'{"ref": ',
    b"[]",
    b'"text"',
    b"null",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b'{"ref":' * 50_000,
    b'{"ref": ' + b"9" * 5000 + b"}",
    '{"ref": "refs/heads/mäin"}'.encode("utf-16"),
]


@every_forge_with_events
def test_nothing_at_all_is_malformed(forge: str) -> None:
    with pytest.raises(MalformedDelivery, match="JSON"):
        parsed(forges.sign_raw(forge, forges.EVENTS[forge][0], b""))


@every_forge_with_events
def test_a_push_of_no_named_ref_is_malformed(forge: str) -> None:
    payload = forges.PAYLOADS[forge]([(BRANCH, COMMIT)])
    with pytest.raises(MalformedDelivery, match="ref"):
        parsed(forges.sign(forge, forges.EVENTS[forge][0], replaced(payload, {BRANCH: None, "main": None})))


@every_forge
@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:12]))
def test_a_body_that_is_no_json_object_is_malformed(forge: str, body: bytes) -> None:
    delivery = forges.sign_raw(forge, forges.EVENTS[forge][0], body)
    assert verified(delivery, SECRET)
    with pytest.raises(MalformedDelivery, match="JSON"):
        parsed(delivery)


REFS: list[object] = [7, 1e400, True, [], {}, "", "a\nb", "a\x00", "\ud800", "r" * 2000]


@every_forge
@pytest.mark.parametrize("ref", REFS, ids=repr)
def test_a_ref_that_names_nothing_is_malformed(forge: str, ref: object) -> None:
    payload = json.loads(json.dumps(forges.PAYLOADS[forge]([(BRANCH, COMMIT)])))
    with pytest.raises(MalformedDelivery):
        parsed(forges.sign(forge, forges.EVENTS[forge][0], replaced(payload, {BRANCH: ref, "main": ref})))


@every_forge
@pytest.mark.parametrize(
    "commit", [7, [], "HEAD", COMMIT[:39], COMMIT.upper(), COMMIT + "\n", "--upload-pack=x"], ids=repr
)
def test_a_commit_that_is_no_object_id_is_malformed(forge: str, commit: object) -> None:
    payload = forges.PAYLOADS[forge]([(BRANCH, COMMIT)])
    with pytest.raises(MalformedDelivery, match="object id"):
        parsed(forges.sign(forge, forges.EVENTS[forge][0], replaced(payload, {COMMIT: commit})))


def replaced(value: object, others: dict[str, object]) -> object:
    """A payload with every text that is a key of `others` replaced."""
    if isinstance(value, dict):
        return {key: replaced(item, others) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, others) for item in value]
    return others[value] if isinstance(value, str) and value in others else value


def test_object_ids_of_sha256_repositories_are_understood() -> None:
    long = COMMIT + COMMIT[:24]
    assert parsed(forges.push("github", [(BRANCH, long)])) == Push((Update(BRANCH, long),))


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize("forge", FAMILY)
def test_a_form_is_genuine_and_read(forge: str) -> None:
    delivery = forges.push(forge, form=True)
    assert delivery.body.startswith(b"payload=")
    assert verified(delivery, SECRET)
    assert not verified(delivery, "guess")
    assert parsed(delivery) == Push((Update(BRANCH, COMMIT),))


@pytest.mark.parametrize("forge", FAMILY)
@pytest.mark.parametrize(
    "body", [b"", b"payload", b"payload=", b"payload=%", b"load=%7B%7D", b"a&" * 100 + b"payload={}"]
)
def test_a_form_without_a_payload_is_malformed(forge: str, body: bytes) -> None:
    delivery = forges.push(forge, form=True)
    with pytest.raises(MalformedDelivery, match="JSON"):
        parsed(Delivery(delivery.headers, body))


@pytest.mark.parametrize("forge", FAMILY)
def test_a_form_may_have_other_fields_and_a_charset(forge: str) -> None:
    delivery = forges.push(forge, form=True).with_headers(
        content_type="Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    )
    assert parsed(Delivery(delivery.headers, b"a=b&" + delivery.body + b"&c=d")) == Push((Update(BRANCH, COMMIT),))


# ---------------------------------------------------------------- GitHub and its relatives


@pytest.mark.parametrize("forge", ["github", "gitea", "forgejo"])
def test_the_commit_behind_an_annotated_tag_is_meant(forge: str) -> None:
    payload = forges.PAYLOADS[forge]([(TAG, COMMIT)])
    assert parsed(forges.sign(forge, "push", payload | {"after": "ab" * 20})) == Push((Update(TAG, COMMIT),))


def test_github_says_deleted_in_so_many_words() -> None:
    payload = forges.PAYLOADS["github"]([(BRANCH, COMMIT)])
    assert reason(parsed(forges.sign("github", "push", payload | {"deleted": True}))) is IgnoredReason.DELETION


def test_githubs_old_signature_proves_nothing() -> None:
    assert not verified(forges.push("github").with_headers(x_hub_signature_256=None), SECRET)


def test_a_head_commit_that_is_no_object_is_malformed() -> None:
    payload = forges.PAYLOADS["github"]([(TAG, COMMIT)])
    with pytest.raises(MalformedDelivery, match="'id'"):
        parsed(forges.sign("github", "push", payload | {"head_commit": [COMMIT]}))


# ---------------------------------------------------------------- GitLab

KEY = b"0123456789abcdef0123456789abcdef"
SIGNING_TOKEN = "whsec_" + base64.b64encode(KEY).decode()


def test_gitlab_signs_with_the_key_inside_the_signing_token() -> None:
    delivery = forges.standard_webhook(forges.push("gitlab"), KEY)
    assert verified(delivery, SIGNING_TOKEN)
    assert not verified(delivery, "whsec_" + base64.b64encode(b"another").decode())


def test_gitlab_signs_with_any_other_secret_as_it_is() -> None:
    assert verified(forges.standard_webhook(forges.push("gitlab"), SECRET.encode()), SECRET)


@pytest.mark.parametrize("token", ["whsec_", "whsec_***", "whsec_a"])
def test_a_signing_token_without_a_key_accepts_nobody(token: str) -> None:
    assert not verified(forges.standard_webhook(forges.push("gitlab"), b""), token)
    assert not verified(forges.standard_webhook(forges.push("gitlab"), token.encode()), token)


@pytest.mark.parametrize("header", ["webhook_id", "webhook_timestamp", "webhook_signature"])
def test_a_signature_covers_id_and_time(header: str) -> None:
    delivery = forges.standard_webhook(forges.push("gitlab"), KEY)
    assert not verified(delivery.with_headers(**{header: "other"}), SIGNING_TOKEN)


def test_gitlab_announces_tags_under_an_event_of_their_own() -> None:
    delivery = forges.push("gitlab", [(TAG, COMMIT)]).with_headers(x_gitlab_event="Tag Push Hook")
    assert parsed(delivery) == Push((Update(TAG, COMMIT),))


def test_the_commit_behind_gitlabs_annotated_tag_is_meant() -> None:
    payload = forges.PAYLOADS["gitlab"]([(TAG, COMMIT)])
    assert parsed(forges.sign("gitlab", "Tag Push Hook", payload | {"after": "ab" * 20})) == Push(
        (Update(TAG, COMMIT),)
    )


@pytest.mark.parametrize("ref", [BRANCH, TAG])
def test_a_system_hook_may_be_a_push(ref: str) -> None:
    payload = forges.PAYLOADS["gitlab"]([(ref, COMMIT)])
    assert parsed(forges.sign("gitlab", "System Hook", payload)) == Push((Update(ref, COMMIT),))


@pytest.mark.parametrize("name", ["project_create", "repository_rename", None, 7, [[]]])
def test_any_other_system_hook_is_ignored(name: object) -> None:
    result = parsed(forges.sign("gitlab", "System Hook", {"event_name": name}))
    assert reason(result) is IgnoredReason.OTHER_EVENT


def test_a_system_hook_may_tell_of_a_whole_push() -> None:
    changes = [
        {"before": forges.BEFORE, "after": COMMIT, "ref": BRANCH},
        {"before": forges.BEFORE, "after": ZEROS, "ref": "refs/heads/gone"},
        {"before": ZEROS, "after": "ab" * 20, "ref": TAG},
    ]
    payload = {"event_name": "repository_update", "changes": changes, "refs": [each["ref"] for each in changes]}
    assert parsed(forges.sign("gitlab", "System Hook", payload)) == Push(
        (Update(BRANCH, COMMIT), Update(TAG, "ab" * 20))
    )
    with pytest.raises(MalformedDelivery, match="changes"):
        parsed(forges.sign("gitlab", "System Hook", payload | {"changes": None}))


# ---------------------------------------------------------------- Gogs


@pytest.mark.parametrize(("sha", "commit"), [(COMMIT, COMMIT), ("", None), (None, None)])
@pytest.mark.parametrize("form", [False, True])
def test_gogs_announces_a_tag_as_created(sha: str | None, commit: str | None, form: bool) -> None:
    payload = {"ref": "v1.2", "ref_type": "tag", "sha": sha, "default_branch": "main"}
    delivery = forges.sign("gogs", "create", payload, form=form)
    assert verified(delivery, SECRET)
    assert parsed(delivery) == Push((Update(TAG, commit),))


def test_a_branch_that_gogs_announces_as_created_is_pushed_as_well() -> None:
    result = parsed(forges.sign("gogs", "create", {"ref": "next", "ref_type": "branch", "sha": ""}))
    assert reason(result) is IgnoredReason.OTHER_EVENT


def test_gogs_announces_the_tag_of_a_release_with_the_release_alone() -> None:
    release = {"tag_name": "v1.2", "target_commitish": "main", "draft": False}
    published = forges.sign("gogs", "release", {"action": "published", "release": release})
    assert parsed(published) == Push((Update(TAG, None),))
    edited = forges.sign("gogs", "release", {"action": "edited", "release": release})
    assert reason(parsed(edited)) is IgnoredReason.OTHER_EVENT


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("create", {"ref_type": "tag"}),
        ("create", {"ref_type": "tag", "ref": "v1.2", "sha": "HEAD"}),
        ("release", {"action": "published"}),
        ("release", {"action": "published", "release": ["v1.2"]}),
    ],
)
def test_a_tag_of_gogs_that_cannot_be_read_is_malformed(event: str, payload: object) -> None:
    with pytest.raises(MalformedDelivery):
        parsed(forges.sign("gogs", event, payload))


@pytest.mark.parametrize("forge", ["gitea", "forgejo", "github"])
@pytest.mark.parametrize("event", ["create", "release"])
def test_who_pushes_tags_too_is_not_heard_twice(forge: str, event: str) -> None:
    payload = {"ref": "v1.2", "ref_type": "tag", "sha": COMMIT, "action": "published", "release": {"tag_name": "v1.2"}}
    assert reason(parsed(forges.sign(forge, event, payload))) is IgnoredReason.OTHER_EVENT


# ---------------------------------------------------------------- several refs at once


@pytest.mark.parametrize("forge", SEVERAL)
def test_one_push_may_move_several_refs_and_delete_others(forge: str) -> None:
    delivery = forges.push(forge, [("refs/heads/gone", None), (BRANCH, COMMIT), (TAG, "ab" * 20)])
    assert parsed(delivery) == Push((Update(BRANCH, COMMIT), Update(TAG, "ab" * 20)))


@pytest.mark.parametrize("forge", SEVERAL)
def test_a_push_that_moves_nothing_is_ignored(forge: str) -> None:
    assert reason(parsed(forges.push(forge, []))) is IgnoredReason.NO_REF


@pytest.mark.parametrize(
    ("forge", "payload"),
    [
        ("bitbucket_cloud", {}),
        ("bitbucket_cloud", {"push": []}),
        ("bitbucket_cloud", {"push": {"changes": {}}}),
        ("bitbucket_cloud", {"push": {"changes": [7]}}),
        ("bitbucket_cloud", {"push": {"changes": [{}]}}),
        ("bitbucket_cloud", {"push": {"changes": [{"new": "main"}]}}),
        ("bitbucket_cloud", {"push": {"changes": [{"new": {"type": ["branch"], "name": "main"}}]}}),
        ("bitbucket_cloud", {"push": {"changes": [{"new": {"type": "bookmark", "name": "main"}}]}}),
        ("bitbucket_server", {"changes": "all"}),
        ("bitbucket_server", {"changes": [{"ref": "main"}]}),
        ("azure_devops", {"eventType": "git.push", "resource": {"refUpdates": {}}}),
        ("azure_devops", {"eventType": "git.push", "resource": [[]]}),
        ("azure_devops", {"eventType": "git.push", "resource": {"refUpdates": [None]}}),
    ],
    ids=str,
)
def test_changes_of_another_shape_are_malformed(forge: str, payload: object) -> None:
    with pytest.raises(MalformedDelivery):
        parsed(forges.sign(forge, forges.EVENTS[forge][0], payload))


def test_a_mirror_of_bitbucket_tells_when_it_has_what_was_pushed() -> None:
    payload = forges.PAYLOADS["bitbucket_server"]([(BRANCH, COMMIT), ("refs/heads/gone", None)])
    event = "mirror:repo_synchronized"
    told = payload | {"eventKey": event, "syncType": "INCREMENTAL", "refLimitExceeded": False}
    assert parsed(forges.sign("bitbucket_server", event, told)) == Push((Update(BRANCH, COMMIT),))
    many = told | {"refLimitExceeded": True, "changes": []}
    assert parsed(forges.sign("bitbucket_server", event, many)) == Push()


def test_bitbuckets_are_told_apart() -> None:
    cloud = forges.push("bitbucket_cloud").with_headers(x_hook_uuid=None)
    assert webhooks.recognise(webhooks.lowered(cloud.headers)).NAME == "bitbucket_cloud"
    other = forges.other_event("bitbucket_cloud")
    assert webhooks.recognise(webhooks.lowered(other.headers)).NAME == "bitbucket_cloud"


# ---------------------------------------------------------------- Azure DevOps, anybody


def test_azures_user_name_does_not_matter() -> None:
    for user in ("", "somebody", "ü"):
        text = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        assert verified(forges.push("azure_devops").with_headers(authorization=f"bAsIc  {text}"), SECRET)


@pytest.mark.parametrize("resource", [{"pushId": 14, "url": "https://example.com/pushes/14"}, {}, None])
def test_azure_that_sends_few_details_or_none_says_look(resource: object) -> None:
    payload = forges.PAYLOADS["azure_devops"]([(BRANCH, COMMIT)]) | {"resource": resource}
    assert parsed(forges.sign("azure_devops", "git.push", payload)) == Push()
    del payload["resource"]
    assert parsed(forges.sign("azure_devops", "git.push", payload)) == Push()


def test_a_password_may_hold_colons() -> None:
    assert verified(forges.push("azure_devops", secret="a:b:c"), "a:b:c")


@pytest.mark.parametrize("body", [b"", b" \n", b"{}", b'{"ref": null}'])
def test_anybody_may_just_say_look(body: bytes) -> None:
    assert parsed(forges.sign_raw("generic", "", body)) == Push()


def test_anybody_may_leave_the_commit_out() -> None:
    assert parsed(forges.sign("generic", "", {"ref": "main"})) == Push((Update("main", None),))


def test_a_bearer_of_zeros_is_no_commit() -> None:
    assert parsed(forges.sign("generic", "", {"ref": "main", "commit": ZEROS})) == Push((Update("main", None),))


# ---------------------------------------------------------------- refs that are followed


@pytest.mark.parametrize("ref", ["main", "refs/heads/main", "refs/tags/main"])
def test_a_followed_ref_is_found_under_its_short_name(ref: str) -> None:
    assert Push((Update("refs/heads/other", None), Update(ref, COMMIT))).among(["main"]) == (Update("main", COMMIT),)


def test_a_followed_ref_may_be_written_in_full() -> None:
    assert Push((Update(BRANCH, COMMIT),)).among([BRANCH]) == (Update(BRANCH, COMMIT),)


@pytest.mark.parametrize("followed", ["main", "heads/main", "refs/heads/main"])
@pytest.mark.parametrize("ref", ["main", "heads/main", "refs/heads/main"])
def test_a_pushed_ref_is_the_followed_one_however_each_is_written(ref: str, followed: str) -> None:
    assert Push((Update(ref, COMMIT),)).among([followed]) == (Update(followed, COMMIT),)


def test_a_branch_is_not_the_tag_that_is_followed_in_full() -> None:
    assert Push((Update(BRANCH, COMMIT),)).among(["refs/tags/main"]) == ()


@pytest.mark.parametrize("ref", ["refs/heads/main2", "refs/heads/x/main", "refs/notes/main", "refs/heads/heads/main"])
def test_a_ref_that_only_looks_alike_is_not_followed(ref: str) -> None:
    assert Push((Update(ref, COMMIT),)).among(["main", "develop"]) == ()
