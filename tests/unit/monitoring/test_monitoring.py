"""What Prometheus and Grafana are given: rules that fire when they should, and no metric that there is not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.http.factory import create_app
from tests.redis_server import RedisServer
from workers.runtime.settings import Settings
from workers.services import Services

ROOT = Path(__file__).resolve().parents[3]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "prometheus/rules.yaml"
DASHBOARD = MONITORING / "grafana/dashboards/tegu.json"
METRIC = re.compile(r"\btegu_[a-z_]+")
OF_HISTOGRAM = ("_bucket", "_sum", "_count")


def loaded(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def expressions() -> dict[str, str]:
    """What is asked of Prometheus, by whoever asks it."""
    rules = (rule for group in loaded(RULES)["groups"] for rule in group["rules"])
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = {rule["alert"]: rule["expr"] for rule in rules}
    return asked | {
        f"{panel['title']} {target['refId']}": target["expr"] for panel in panels for target in panel.get("targets", ())
    }


def promtool(*arguments: str | Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("there is no promtool here (scripts/provision installs it)")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_and_the_configuration_are_valid() -> None:
    promtool("check", "rules", RULES)
    promtool("check", "config", MONITORING / "prometheus/prometheus.yaml")


def test_each_alert_fires_when_it_should_and_at_no_other_time() -> None:
    tested = Path(__file__).with_name("rules.test.yaml")
    promtool("test", "rules", tested)
    alerts = {rule["alert"] for group in loaded(RULES)["groups"] for rule in group["rules"]}
    cases = [case for test in loaded(tested)["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == alerts
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == alerts


@pytest.fixture
def metrics(redis_server: RedisServer, redis: object, tmp_path: Path) -> set[str]:
    """The names of all samples that there may be."""
    del redis  # emptied
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text("repos: {a: {url: https://git.example.com/a.git, ref: main}}\n", encoding="utf-8")
    services = Services(Settings(catalog=catalog, data_dir=tmp_path, redis_url=redis_server.url))
    text = create_app(services).test_client().get("/metrics").text
    endings = {"histogram": OF_HISTOGRAM, "counter": ("_total",)}
    return {
        f"{family.name}{ending}"
        for family in text_string_to_metric_families(text)
        for ending in endings.get(family.type, ("",))
    }


@pytest.mark.parametrize("asked", expressions())
def test_every_metric_that_is_asked_for_is_there(metrics: set[str], asked: str) -> None:
    named = set(METRIC.findall(expressions()[asked]))
    assert named or asked == "TeguIsAway"
    assert named <= metrics


def test_every_metric_is_explained(metrics: set[str]) -> None:
    page = (ROOT / "docs/how-to/monitoring.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`(tegu_[a-z_]+)`", page))
    known = {re.sub(rf"({'|'.join(OF_HISTOGRAM)})$", "", name) for name in metrics}
    assert known - explained == set()
    assert explained - known == set()


def test_the_dashboard_fits_together() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23
    assert {panel["datasource"]["uid"] for panel in panels if panel["type"] != "row"} == {"${datasource}"}


def test_the_profile_opens_nothing_but_grafana_on_loopback_and_its_secret_is_a_file() -> None:
    compose = loaded(ROOT / "compose.yaml")
    services = {name: each for name, each in compose["services"].items() if "monitoring" in each.get("profiles", ())}
    assert set(services) == {"prometheus", "grafana"}
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert [re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", port) for port in ports] == ["127.0.0.1:3000:3000"]
    for name, each in services.items():
        assert re.fullmatch(r"\$\{\w+:-[\w/]+:v?\d+\.\d+\.\d+\}", each["image"]), name
        sources = [volume.split(":")[0] for volume in each["volumes"]]
        missing = [source for source in sources if source.startswith("./") and not (ROOT / source).is_dir()]
        assert missing == []
        assert {source for source in sources if "/" not in source} <= set(compose["volumes"])
    grafana = services["grafana"]
    assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"] == f"/run/secrets/{grafana['secrets'][0]}"
    assert "file" in compose["secrets"][grafana["secrets"][0]]


def test_what_is_scraped_is_what_the_rules_expect() -> None:
    (scraped,) = loaded(MONITORING / "prometheus/prometheus.yaml")["scrape_configs"]
    assert f'job="{scraped["job_name"]}"' in RULES.read_text(encoding="utf-8")
    assert scraped["static_configs"] == [{"targets": ["web:8000"]}]
    (source,) = loaded(MONITORING / "grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
