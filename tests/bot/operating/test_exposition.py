"""/metrics answers an operator's questions by numbers whose labels are few, and ours."""

import json
import re
from datetime import timedelta

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from actions import conversations, vitals
from actions.channels import CHANNELS
from actions.conversations import Author, Conversation
from actions.sending import Sending, SendingState
from bot import metrics
from bot.operating.queues import QUEUES
from tests.bot.conftest import Bot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CANARY = "金丝雀在第七号楼"
# label → what it may say; a new label needs a line.
LABELS = {
    "channel": {*CHANNELS, ""},
    "queue": set(QUEUES),
    "part": None,
    "state": {"ok", "degraded", "down"},
    "outcome": {
        *("answered", "given_up", "done", "failed"),
        *("sent", "slowed", "closed", "moved", "blocked", "refused"),
        *("said", "late", "unwanted"),
    },
    "call": {"reply", "read"},
    "status": None,
    "le": None,
    # of what runs
    **dict.fromkeys(("version", "commit", "schema", "model", "edition", "content", "index")),
}
UNITS = ("_seconds", "_bytes")


async def shown(bot: Bot) -> dict[str, Metric]:
    """What is ours of /metrics, by name."""
    text = (await bot.client.get("/metrics")).text
    found = {metric.name: metric for metric in text_string_to_metric_families(text)}
    return {name: metric for name, metric in found.items() if name.startswith("xiaoli_")}


def series(found: dict[str, Metric]) -> set[tuple[str, str]]:
    return {
        (sample.name, json.dumps(sample.labels, sort_keys=True))
        for metric in found.values()
        for sample in metric.samples
    }


async def live(bot: Bot, residents: int) -> None:
    """Residents write, are answered, are not, tell of a fire, and ask for a person."""
    for number in range(residents):
        session = f"{number:02}-{CANARY}-{'s' * 32}"
        for text in ("几点开门", CANARY, "厨房着火了", "人工"):
            await bot.post(text, session=session)
        with bot.parts.database.transaction() as db:
            now = bot.clock.now()
            talk = conversations.at_address(
                db, channel="telegram", address=f"{CANARY}{number}", now=now
            )
            said = conversations.say(db, talk, CANARY, author=Author.ASSISTANT, now=now)
            one = db.scalars(select(Sending).where(Sending.message_id == said.id)).one()
            one.state, one.trouble = SendingState.DEAD, f"refused {CANARY}"


async def test_labels_are_few_and_never_of_somebody(bot: Bot) -> None:
    await live(bot, 1)
    before = await shown(bot)
    bot.clock.pass_by(timedelta(hours=1))
    await live(bot, 12)
    found = await shown(bot)
    assert series(found) == series(before)  # more residents make no more series
    with bot.parts.database.reading() as db:
        ids = {
            *db.scalars(select(Conversation.id)),
            *db.scalars(select(Conversation.resident_id)),
        }
    for metric in found.values():
        for sample in metric.samples:
            for label, value in sample.labels.items():
                assert label in LABELS, f"{metric.name} has a label {label}"
                allowed = LABELS[label]
                assert allowed is None or value in allowed, f"{metric.name}: {label}={value}"
                assert CANARY not in value
                assert value not in ids


async def test_the_search_finds_a_label_of_somebody(bot: Bot) -> None:
    """Negative control."""
    before = series(await shown(bot))
    metrics.MESSAGES.labels(CANARY).inc()
    try:
        grown = series(await shown(bot)) - before
        assert any("\\u91d1" in labels for _, labels in grown)
    finally:
        metrics.MESSAGES.remove(CANARY)


async def test_names_and_units_are_as_prometheus_wants_them(bot: Bot) -> None:
    found = await shown(bot)
    for name, metric in found.items():
        assert re.fullmatch(r"xiaoli_[a-z_]+", name)
        assert metric.documentation
        totals = [s.name for s in metric.samples if s.name.endswith("_total")]
        assert bool(totals) <= (metric.type == "counter"), name
        if metric.type == "histogram":
            assert name.endswith("_seconds")
        assert not re.search(r"(_ms|_minutes|_hours|_kb|_mb|_percent)$", name)
    assert len(series(found)) < 400


async def test_waiting_messages_show_by_queue(bot: Bot) -> None:
    bot.assistant.silent = 1
    await bot.say("几点开门")
    bot.clock.pass_by(timedelta(seconds=40))
    page = (await bot.client.get("/metrics")).text
    assert 'xiaoli_waiting{channel="webchat",queue="inbox"} 1.0' in page
    assert 'xiaoli_oldest_waiting_seconds{channel="webchat",queue="inbox"} 40.0' in page
    assert 'xiaoli_waiting{channel="",queue="dead_sendings"} 0.0' in page


async def test_what_other_processes_counted_is_told_under_its_own_name(bot: Bot) -> None:
    worker = vitals.Vitals(bot.parts.database, bot.clock)
    metrics.DELIVERIES.labels("telegram", "slowed").inc(3)
    vitals.ACTION_SECONDS.observe(0.04)
    worker.beat(vitals.WORKER)
    worker.write()
    found = await shown(bot)
    (slowed,) = (one for one in found["xiaoli_deliveries"].samples if one.value)
    assert (slowed.labels, slowed.value) == ({"channel": "telegram", "outcome": "slowed"}, 3)
    buckets = {
        s.labels["le"]: s.value for s in found["xiaoli_action_seconds"].samples if s.labels
    }
    assert buckets["0.05"] == buckets["+Inf"] == 1
    assert buckets["0.02"] == 0
    (beat,) = found["xiaoli_beat_timestamp_seconds"].samples
    assert (beat.labels, beat.value) == ({"part": "worker"}, bot.clock.now().timestamp())


async def test_what_runs_is_told(bot: Bot) -> None:
    (build,) = (await shown(bot))["xiaoli_build_info"].samples
    assert re.fullmatch(r"\d+\.\d+\.\d+", build.labels["version"])
    assert re.fullmatch(r"[0-9a-f]{8}|unknown", build.labels["commit"])
