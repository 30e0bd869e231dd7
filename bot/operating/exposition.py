"""/metrics: what was counted in this gateway, and the figures of the store, for Prometheus."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.samples import Sample

from actions import vitals
from actions.vitals import TALLIED, Tally
from bot.operating.figures import Figures
from bot.operating.health import Part, State
from bot.operating.records import Backups

Row = tuple[Sequence[str], float]


@dataclass(frozen=True)
class Seen:
    """What is shown beside this process's own counts; no figures while the store is away."""

    parts: Iterable[Part]
    figures: Figures | None
    versions: Mapping[str, str]
    backups: Backups

    def collect(self) -> Iterator[Metric]:
        """Return every metric, as Prometheus' client wants it."""
        yield from _of_parts(self.parts)
        yield InfoMetricFamily("xiaoli_build", "What runs here", dict(self.versions))
        yield from _of_backups(self.backups)
        if self.figures is not None:
            yield from _of_queues(self.figures)
            yield from _of_store(self.figures)
            yield from _tallied(self.figures.tallies)


def written(seen: Seen) -> bytes:
    """Return all of it in Prometheus' text format."""
    return generate_latest(REGISTRY) + generate_latest(seen)


def _of_parts(parts: Iterable[Part]) -> Iterator[Metric]:
    looked = list(parts)
    yield _gauge(
        "xiaoli_part_state",
        "1 for the state a part is in",
        ("part", "state"),
        [((one.name, state), float(one.state == state)) for one in looked for state in State],
    )
    yield _gauge(
        "xiaoli_part_look_seconds",
        "How long the last look at a part took",
        ("part",),
        [((one.name,), one.seconds) for one in looked],
    )


def _of_queues(figures: Figures) -> Iterator[Metric]:
    labels = ("queue", "channel")
    yield _gauge(
        "xiaoli_waiting",
        "How many wait in a queue",
        labels,
        [((one.queue, one.channel), one.count) for one in figures.waiting],
    )
    yield _gauge(
        "xiaoli_oldest_waiting_seconds",
        "How long the first in a queue has waited",
        labels,
        [((o.queue, o.channel), o.oldest.total_seconds()) for o in figures.waiting],
    )


def _of_store(figures: Figures) -> Iterator[Metric]:
    for what, count in figures.ever.items():
        yield CounterMetricFamily(f"xiaoli_{what}", f"{what} ever made", value=count)
    yield GaugeMetricFamily(
        "xiaoli_claims", "Needs a neighbour has taken on and not given back", figures.claims
    )
    yield _gauge(
        "xiaoli_beat_timestamp_seconds",
        "When a part of the worker last went its round",
        ("part",),
        [((part,), beat.timestamp()) for part, beat in figures.beats.items()],
    )
    for what, size in figures.sizes.items():
        yield GaugeMetricFamily(f"xiaoli_{what}_bytes", SIZES[what], size)


SIZES = {
    "database": "Size of the database",
    "wal": "Size of SQLite's log beside it",
    "disk": "Size of the disk the state folder is on",
    "disk_free": "What is left of it",
}


def _of_backups(backups: Backups) -> Iterator[Metric]:
    if last := backups.last:
        yield GaugeMetricFamily(
            "xiaoli_backup_last_ok", "Whether the last backup is good", float(last.ok)
        )
    if good := backups.good:
        yield GaugeMetricFamily(
            "xiaoli_backup_timestamp_seconds",
            "When the last good backup was made",
            good.at.timestamp(),
        )
        yield GaugeMetricFamily("xiaoli_backup_bytes", "Its size", good.size)
        yield GaugeMetricFamily("xiaoli_backup_seconds", "How long it took", good.seconds)


def _tallied(tallies: Sequence[Tally]) -> Iterator[Metric]:
    """Return what is added up in the store, under the names the counting processes use.

    What nobody has counted yet is there as nought: a histogram needs all of its buckets.
    """
    added = {(one.name, one.labels): one.value for one in tallies}
    for metric in TALLIED.collect():
        nought = {key: 0.0 for key in vitals.samples([metric])}
        counted = {key: n for key, n in added.items() if _stem(key[0]) == metric.name}
        found = Metric(metric.name, metric.documentation, metric.type)
        found.samples = [
            Sample(name, json.loads(labels), number)
            for (name, labels), number in (nought | counted).items()
        ]
        yield found


def _stem(sample: str) -> str:
    """Return the metric's name in a sample's: without _total, _bucket, _sum, _count."""
    return sample.rpartition("_")[0]


def _gauge(name: str, about: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
