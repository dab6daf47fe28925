"""What is known, as families of metrics: each name, help and labels that Prometheus shows. Pure.

No label has a stack in it: there are as many numbers however many stacks there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from workers.adapters.state.histograms import histograms
from workers.adapters.state.live import LiveService
from workers.adapters.state.repos import RepoState
from workers.adapters.state.status import StackFacts, status_of
from workers.model.words import StackStatus

_STATES = (
    *("running", "starting", "unhealthy", "restarting", "paused", "exited", "created", "dead", "removing"),
    *("missing", "unknown"),
)
_COUNTERS = {
    "webhooks": ("tegu_webhooks", "Webhooks by forge and what became of them", ("forge", "result")),
    "runs": ("tegu_runs", "Runs that have ended", ("status",)),
    "stacks": ("tegu_stack_results", "What became of stacks in runs, unchanged ones aside", ("outcome",)),
}
_HISTOGRAMS = {
    "pull": ("tegu_pull_seconds", "How long pulls took", "repo"),
    "wait": ("tegu_queue_wait_seconds", "How long tasks waited until somebody began with them", "task"),
    "deployment": ("tegu_deployment_seconds", "How long the steps of deployments took together", "outcome"),
    "step": ("tegu_deployment_step_seconds", "How long the steps of deployments took", "step"),
}


def counted(counts: Mapping[str, int]) -> Iterator[Metric]:
    """Counters under the names and labels that Prometheus shows."""
    for family, (name, documentation, labels) in _COUNTERS.items():
        metric = CounterMetricFamily(name, documentation, labels=labels)
        for key, count in sorted(counts.items()):
            first, *values = key.split(":")
            if first == family and len(values) == len(labels):
                metric.add_metric(values, count)
        yield metric


def took(counts: Mapping[str, int], repos: Collection[str]) -> Iterator[Metric]:
    """Histograms. Of repos only those that there are: a name that is gone from the catalog is remembered for ever."""
    for family, (name, documentation, label) in _HISTOGRAMS.items():
        metric = HistogramMetricFamily(name, documentation, labels=(label,))
        for value, found in histograms(counts, family).items():
            if family != "pull" or value in repos:
                metric.add_metric((value,), found.buckets, found.seconds)
        yield metric


def of_stacks(facts: Sequence[StackFacts]) -> Iterator[Metric]:
    """How stacks stand; what is gone counts as `removed` and as nothing else."""
    statuses = Counter(status_of(each) for each in facts)
    stacks = GaugeMetricFamily("tegu_stacks", "Stacks by status", labels=("status",))
    for status in StackStatus:
        stacks.add_metric((status,), statuses[status])
    yield stacks
    living = [each for each in facts if each.known.removed is None]
    for name, documentation, count in (
        ("tegu_stacks_behind", "Stacks that do not run the newest commit", sum(_is_behind(each) for each in living)),
        ("tegu_stacks_drifted", "Stacks of which containers drifted", sum(bool(each.known.drift) for each in living)),
        ("tegu_services_drifted", "Services that are not as deployed", sum(len(each.known.drift) for each in living)),
        ("tegu_stacks_held", "Stacks with content that failed and is held", sum(bool(each.hold) for each in living)),
        (
            "tegu_stacks_obstructed",
            "Stacks that something of the host is in the way of",
            sum(bool(each.hold and each.hold.is_obstructed) for each in living),
        ),
    ):
        yield GaugeMetricFamily(name, documentation, count)


def _is_behind(facts: StackFacts) -> bool:
    return facts.known.is_behind and facts.pin is None


def of_services(facts: Iterable[StackFacts]) -> Iterator[Metric]:
    """How the services of all stacks stand."""
    states: Counter[str] = Counter()
    wanted = well = 0
    for each in facts:
        states.update(_state(service) for service in each.services.values())
        lasting = each.lasting.values()
        wanted += len(lasting)
        well += sum(service.is_well for service in lasting)
    services = GaugeMetricFamily("tegu_services", "Services by state, ended one-shots included", labels=("state",))
    for state in _STATES:
        services.add_metric((state,), states[state])
    yield services
    yield GaugeMetricFamily("tegu_services_wanted", "Services that ought to run", wanted)
    yield GaugeMetricFamily("tegu_services_well", "Those of them that run and are well", well)


def _state(service: LiveService) -> str:
    """A service's state; of one that runs and is not well yet, or no more, its health."""
    return service.health if service.health in {"starting", "unhealthy"} else service.state


def of_engines(seen: Mapping[tuple[str, str], bool]) -> Iterator[Metric]:
    """Which engines are seen."""
    engines = GaugeMetricFamily(
        "tegu_engine_seen", "Whether a worker's watcher sees the engine", labels=("worker", "docker_host")
    )
    for (worker, host), sees in sorted(seen.items()):
        engines.add_metric((worker, host), int(sees))
    yield engines


def of_repos(repos: Iterable[RepoState]) -> Iterator[Metric]:
    """How the last pull of each repo ended on each worker, and when what is being asked now was asked."""
    by_worker = ("repo", "worker")
    failed = GaugeMetricFamily("tegu_repo_pull_failed", "Whether the last pull failed", labels=by_worker)
    at = GaugeMetricFamily("tegu_repo_pull_timestamp_seconds", "When the last pull ended", labels=by_worker)
    good = GaugeMetricFamily(
        "tegu_repo_good_pull_timestamp_seconds", "When the last pull ended that succeeded", labels=by_worker
    )
    asked = GaugeMetricFamily(
        "tegu_repo_asking_since_timestamp_seconds", "Since when a pull waits for an answer", labels=(*by_worker, "host")
    )
    for repo in repos:
        for worker, pull in repo.pulls.items():
            failed.add_metric((repo.repo, worker), int(pull.failed))
            at.add_metric((repo.repo, worker), _seconds(pull.at))
            if pull.good:
                good.add_metric((repo.repo, worker), _seconds(pull.good))
        for worker, asking in repo.asked.items():
            asked.add_metric((repo.repo, worker, asking.host), _seconds(asking.since))
    yield from (failed, at, good, asked)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
