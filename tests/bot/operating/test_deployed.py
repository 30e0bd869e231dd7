"""What lies in `deploy/` for Prometheus and Grafana speaks of what the app really tells."""

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.operating.queues import PATIENCE, QUEUES
from tests.bot.conftest import Bot
from tests.conftest import missing

ALERTS = Path("deploy/prometheus/alerts.yml")
SCRAPE = Path("deploy/prometheus/prometheus.yml")
DASHBOARD = Path("deploy/grafana/xiaoli.json")
DOCS = Path("docs/seeing.md")
SCENES = Path(__file__).with_name("alerts.scenes.yml")
OF_PROMETHEUS = {"up"}
CHINESE = re.compile("[一-鿿]")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return found


def expressions() -> list[str]:
    """Everything that is asked of Prometheus."""
    return [rule["expr"] for rule in rules()] + [
        target["expr"] for panel in panels() for target in panel["targets"]
    ]


def selected(expression: str) -> Iterator[tuple[str, str, str]]:
    """The metrics an expression is about, with what it wants their labels to be.

    Raises: an error of the parser's, where Prometheus would refuse the expression.
    """
    if importlib.util.find_spec("promql_parser") is None:
        missing("the package promql-parser")
    import promql_parser

    found: list[promql_parser.VectorSelector] = []

    def note(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), pre_visit=note)
    for selector in found:
        assert selector.name
        yield selector.name, "", ""
        for matcher in selector.matchers.matchers:
            yield from ((selector.name, matcher.name, one) for one in matcher.value.split("|"))


def told(page: str) -> set[str]:
    """The names of samples /metrics has or may have."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", page, re.MULTILINE):
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + part for part in parts}
    return names


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_metric_that_is_asked_for_is_told_by_the_app(bot: Bot) -> None:
    backup = {"at": "2026-11-24T03:00:00Z", "file": "a", "size": 1, "seconds": 1, "ok": True}
    (bot.parts.settings.state_dir / "backups.json").write_text(json.dumps([backup]))
    names = told((await bot.client.get("/metrics")).text)
    asked = {name for each in expressions() for name, _, _ in selected(each)}
    assert asked - names <= OF_PROMETHEUS
    assert "xiaoli_waiting" in asked
    assert "xiaoli_waitings" not in names  # the search does find what is not there


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_label_that_is_asked_for_can_be_told(bot: Bot) -> None:
    parts = set((await bot.client.get("/readyz")).json()["parts"])
    known = {
        "queue": set(QUEUES),
        "part": parts,
        "state": {"ok", "degraded", "down"},
        "call": {"reply", "read"},
        "outcome": {"given_up", "failed", "refused", "slowed"},
    }
    wrong = {
        (name, label, value)
        for each in expressions()
        for name, label, value in selected(each)
        if label in known and value not in known[label]
    }
    assert wrong == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_what_to_do_and_where_to_read_on(
    rule: dict[str, Any],
) -> None:
    said = rule["annotations"]
    for sentence in (said["summary"], said["description"]):
        assert CHINESE.search(sentence.partition("。")[0])
        assert re.search(r"[a-z]{3}.*\.$", sentence)
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert said["runbook_url"] == f"docs/seeing.md#{rule['alert'].lower()}"


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    sections = re.findall(r"^### (Xiaoli\w+)$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert sections == [rule["alert"] for rule in rules()]


def test_how_long_something_may_wait_is_the_same_at_the_desk() -> None:
    waits = r'xiaoli_oldest_waiting_seconds{queue="(\w+)"}\) > (\d+)'
    alerts = {
        queue: float(seconds)
        for rule in rules()
        for queue, seconds in re.findall(waits, rule["expr"])
    }
    ends = {q: wait.total_seconds() for q, wait in PATIENCE.items() if wait < timedelta.max}
    assert alerts == ends


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_is_called_in_chinese_first(panel: dict[str, Any]) -> None:
    assert CHINESE.match(panel["title"])
    assert re.search("[a-z]", panel["title"])
    assert panel["targets"]


def test_no_panel_lies_on_another() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_example_reads_our_rules_and_our_door() -> None:
    said = yaml.safe_load(SCRAPE.read_text("utf-8"))
    assert said["rule_files"] == [ALERTS.name]
    (job,) = said["scrape_configs"]
    assert job["job_name"] == "xiaoli"
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:8080"]


@pytest.mark.parametrize("command", [("check", "rules"), ("test", "rules")], ids=" ".join)
def test_prometheus_takes_the_rules_and_they_fire_when_they_should(
    command: tuple[str, str], tmp_path: Path
) -> None:
    """Not demanded of CI: Debian's package would bring a server along."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on this machine")
    shutil.copy(ALERTS, tmp_path)
    shutil.copy(SCENES, tmp_path)
    file = ALERTS.name if command[0] == "check" else SCENES.name
    done = subprocess.run(
        [promtool, *command, tmp_path / file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
