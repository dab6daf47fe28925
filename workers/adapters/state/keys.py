"""Every key that Tegu keeps in Redis: its name, type, owner, lifetime and meaning.

The Lua scripts get the same names: `scripts` makes a function `<name>_key(…)` of each `Key` below.
No value holds a secret. One Redis, no cluster: scripts work out names from what they read.
Longer than other modules: it is a list.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 86_400
RUN_SECONDS = 7 * DAY_SECONDS
UNEVENTFUL_RUN_SECONDS = DAY_SECONDS
"""A finished run in which every stack was left alone is of interest for a day, and there are many."""
DEPLOYMENT_SECONDS = 30 * DAY_SECONDS
LOG_SECONDS = 7 * DAY_SECONDS
WAITING_PULL_SECONDS = 600
"""How long webhooks join a pull whose message may have been lost. Reconcile publishes it again earlier."""
ALIVE_SECONDS = 45
"""How long a worker that has said so counts as alive."""
TOLD_SECONDS = 3600
"""Longer than a notice is tried again for."""
AWAY_SECONDS = 30
"""How long nobody asks a receiver of notices again that did not take one."""
CHORE_SECONDS = DAY_SECONDS
"""How often clones are packed and what is idle is forgotten."""

ATTEMPTS_SECONDS = 3600
"""How long what has taken a worker down is set aside."""
COMMIT_SECONDS = 180 * DAY_SECONDS
"""How long it is known what a commit says, after the last pull that found it."""
DELIVERY_SECONDS = 30 * DAY_SECONDS
SESSION_SECONDS = 7 * DAY_SECONDS
"""How long a browser stays logged in."""

BEGIN_SECONDS = 15
"""How long a question waits for a worker to begin with it."""
ANSWERING_SECONDS = 30
"""How long a worker may take to answer one; as long as its task may take."""
ANSWER_SECONDS = 60
KEYED_ACTION_SECONDS = DAY_SECONDS
"""How long an action that is sent again gets the answer that it had."""
BEGUN_ACTION_SECONDS = 60
"""How long an action counts as being carried out, if whoever does it is killed."""

MAX_DELIVERIES = 50
"""So many of the last webhooks of a repo are remembered."""
MAX_RUNS = 1000
MAX_RUNS_OF_STACK = 100
MAX_DEPLOYMENTS_OF_STACK = 100
MAX_DEPLOYMENTS = 1000
MAX_LOG_LINES = 10_000
MAX_LINE_CHARACTERS = 2000
MAX_EVENTS = 10_000
MAX_SERVICES_EVENTS = 500
"""Of these: a container that ends and starts all day long displaces no run from the events that are kept."""
MAX_NAMED_STACKS = 20
"""So many stacks are named in one event; where there are more it says that there are many."""

HISTOGRAM_BOUNDS_MS = (10, 50, 250, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 900_000)
"""From what is done at once to what somebody should look at. Others than before would mix what is counted already."""


@dataclass(frozen=True)
class Key:
    """A family of keys. `template` has one `%s` per name that it is called with."""

    template: str
    type: str
    owner: str
    lifetime: str
    meaning: str

    def __call__(self, *names: str) -> str:
        """The key's name for these names."""
        return self.template % names


# ---------------------------------------------------------------- runs

run = Key(
    "tegu:run:%s",
    "hash",
    "runs",
    "7 days, 1 day if nothing happened",
    "a run: its fields, `pull:<worker>`, `stack:<id>`",
)
pending = Key("tegu:run:%s:pending", "set", "runs", "as its run", "what a run waits for: `pull:<worker>`, `stack:<id>`")
held_back = Key(
    "tegu:run:%s:after",
    "hash of JSON",
    "runs",
    "as its run, until each may go on",
    "stack -> the stacks of the run that it comes after, and how its task is published then",
)
runs = Key("tegu:runs", "sorted set", "runs", "the newest 1000", "ids of all runs, in order of id")
runs_of_repo = Key("tegu:runs:repo:%s", "sorted set", "runs", "the newest 1000", "ids of a repo's runs")
runs_of_stack = Key(
    "tegu:runs:stack:%s", "sorted set", "runs", "the newest 100", "ids of runs that did something to a stack"
)
open_runs = Key("tegu:runs:open", "sorted set", "runs", "until the run ends", "ids of runs that have not ended")

# ---------------------------------------------------------------- waiting

waiting_pull = Key(
    "tegu:pull:%s:%s",
    "string",
    "runs",
    "until the pull starts, at most 10 minutes",
    "repo, worker: the run whose pull waits in the queue",
)
fetched = Key(
    "tegu:fetched:%s:%s",
    "hash",
    "runs",
    "for ever",
    "repo, worker: ref -> the newest fetched commit and its run; `#pulls` counts pulls, `#told`: see a stack's status",
)
pulled = Key(
    "tegu:pulled:%s", "hash of JSON", "repos", "for ever", "repo: worker -> how its last pull ended, when, since when"
)
clone_sizes = Key(
    "tegu:clones:%s",
    "hash of numbers",
    "repos",
    "for ever",
    "repo: worker -> bytes of its clone, as a pull that brought something counted them last, or the daily packing",
)
asking = Key(
    "tegu:asking:%s:%s",
    "string (JSON)",
    "repos",
    "until the answer, at most as long as is waited for one",
    "repo, worker: whom its pull is asking now, and since when",
)
head = Key("tegu:head:%s", "hash", "runs", "for ever", "repo: its own ref, its newest fetched commit, and by which run")
waiting = Key("tegu:stack:%s:waiting", "set", "runs", "until work starts", "runs that wait for a stack's decision")
taken = Key(
    "tegu:stack:%s:taken",
    "hash",
    "runs",
    "until the stack's part ends, at most 7 days",
    "run -> who took it from the waiting set",
)
published = Key(
    "tegu:waiting",
    "sorted set",
    "runs",
    "until work starts",
    "stacks with a waiting set, by when they were last published (ms)",
)

# ---------------------------------------------------------------- stacks

stacks = Key("tegu:stacks", "set", "records", "for ever", "ids of all stacks that were ever planned or recorded")
record = Key("tegu:stack:%s:record", "string (JSON)", "records", "for ever", "what is deployed")
status = Key(
    "tegu:stack:%s:status",
    "hash of JSON",
    "records",
    "for ever",
    "what `tegu status` shows of a stack; and until it is well again `trouble`: what it is in (`trouble.py`), and "
    "`told`: what bad news of it somebody was told",
)
live = Key(
    "tegu:live",
    "hash of JSON",
    "live",
    "until the stack is forgotten",
    "stack -> the state of its services as its engine's watcher saw them change last, and which watcher that is",
)
watched = Key(
    "tegu:watched",
    "hash of JSON",
    "live",
    "for ever, set every five seconds",
    "`worker engine` -> when (s, by Redis' clock) its watcher was last heard, and since when it sees nothing, if so",
)
discovered = Key("tegu:discovered", "hash of JSON", "discovered", "until gone from its repo", "stack -> repo and path")
refused = Key(
    "tegu:refused",
    "hash of JSON",
    "refused",
    "until gone from its repo",
    "what would be a stack and cannot be one -> its repo, the commit, and why",
)
paused = Key("tegu:paused", "hash of JSON", "marks", "until resumed", "stack -> who paused it, why, since when")
held = Key("tegu:held", "hash of JSON", "marks", "until released", "stack -> the fingerprint that failed")
due = Key(
    "tegu:due",
    "sorted set",
    "marks",
    "as the hold",
    "stacks whose held content is tried again by itself, by when (s)",
)
pinned = Key(
    "tegu:pinned", "hash of JSON", "marks", "until released", "stack -> the commit it was rolled back to by hand"
)

adopting = Key(
    "tegu:adopting",
    "hash of JSON",
    "marks",
    "until the stack is adopted",
    "stack -> what is to become of the data of a project that runs from another directory",
)

heirs = Key(
    "tegu:heirs",
    "hash of JSON",
    "heirs",
    "until the stack is deployed",
    "stack that was never deployed -> those that are gone and that it seems to go on with",
)

rebuilt = Key(
    "tegu:rebuilt:%s",
    "string",
    "rebuild",
    "for ever",
    "data directory: there once its journals have been read; gone when Redis is empty",
)

attempts = Key(
    "tegu:attempts:%s",
    "string",
    "attempts",
    "1 hour, gone when one ends",
    "stack or `pull REPO WORKER`: how many never ended",
)
attempted = Key("tegu:attempted:%s", "string", "attempts", "as long as `tegu:attempts`", "at which commit the last was")
sent = Key("tegu:sent:%s", "string", "chores", "90 % of its interval", "entry of the schedule: when it was sent last")
chore = Key("tegu:chore:%s:%s", "string", "chores", "1 day", "worker, chore: when it was done; gone when it is due")

# ---------------------------------------------------------------- deployments

deployment = Key("tegu:deployment:%s", "hash of JSON", "deployments", "30 days", "one attempt")
steps = Key("tegu:deployment:%s:steps", "list of JSON", "deployments", "30 days", "its steps and how long they took")
log = Key("tegu:deployment:%s:log", "stream", "deployments", "7 days, 10,000 lines", "its output, field `line`")
cancelled = Key(
    "tegu:deployment:%s:cancel", "string", "cancellations", "1 day", "who wants a deployment under way cancelled"
)
deployments = Key(
    "tegu:stack:%s:deployments", "list", "deployments", "the newest 100", "ids of a stack's deployments, newest first"
)

all_deployments = Key(
    "tegu:deployments",
    "sorted set",
    "deployments",
    "the newest 1000, 30 days after the last",
    "ids of all stacks' deployments, in order of id",
)

# ---------------------------------------------------------------- locks and events

lease = Key(
    "tegu:lease:%s",
    "hash",
    "leases",
    "30 s, renewed every 10 s",
    "a lock's holder: token, holder, pid, host, since, fence",
)
fence = Key("tegu:fence:%s", "string (counter)", "leases", "for ever", "the newest fencing number of a lock")
leases = Key("tegu:leases", "set", "leases", "cleaned when listed", "names of locks that may be held")
events = Key("tegu:events", "stream", "events", "the newest 10,000", "what happened, fields `kind` and `data` (JSON)")
services_events = Key(
    "tegu:events:services",
    "list",
    "events",
    "the newest 500",
    "cursors of the events of services that are kept, in order",
)

# ---------------------------------------------------------------- for whoever watches

told = Key("tegu:told:%s", "set", "notices", "1 hour", "task: the receivers that have taken its notice")
away = Key(
    "tegu:away:%s:%s", "string", "notices", "30 s", "worker, receiver: there after it has not taken a notice from there"
)

counters = Key(
    "tegu:counters",
    "hash of numbers",
    "counters",
    "for ever",
    "`family:label:label` -> how often it happened; `family:label:<bucket>` and `…:ms`: see `histograms.py`",
)
alive = Key("tegu:alive:%s", "string", "liveness", "45 s, set every fifteen", "queue: when its worker was last seen")
own_containers = Key(
    "tegu:containers",
    "sorted set",
    "liveness",
    "each for 1 day, added every minute",
    "ids of the containers that Tegu's web processes run in, by when that was said (s)",
)

deliveries = Key(
    "tegu:deliveries:%s",
    "list of JSON",
    "deliveries",
    "the newest 50, 30 days after the last",
    "repo: its last webhooks and what became of them, newest first; nothing that they said, and no signature",
)
commit = Key(
    "tegu:commit:%s",
    "string (JSON)",
    "commits",
    "180 days after the last pull that found it at the tip of a ref",
    "a commit's id -> its subject, author and time",
)
session = Key(
    "tegu:session:%s",
    "string (JSON)",
    "sessions",
    "7 days, or until the logout",
    "digest of a browser's session -> who began it, and a digest of the API token made with the session's name",
)
asked = Key(
    "tegu:asked:%s",
    "string",
    "questions",
    "15 s, 30 s from when a worker begins with it; gone when it is answered",
    "digest of a question that a page has for a worker -> the id by which it is answered: others join it",
)
answer = Key("tegu:answer:%s", "string (JSON)", "questions", "1 minute", "id of a question: what the worker says")
keyed_action = Key(
    "tegu:action:%s",
    "string (JSON)",
    "keyed_actions",
    "1 day; 1 minute while there is no answer",
    "digest of an `Idempotency-Key` -> a digest of the request that it came with, and the answer",
)
used_link = Key(
    "tegu:used-link:%s", "string", "sessions", "as long as it could be used", "digest of a link that logs in once"
)

ALL: dict[str, Key] = {name: value for name, value in list(globals().items()) if isinstance(value, Key)}
