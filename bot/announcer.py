"""Announces to the town's own systems what has happened: CloudEvents over RabbitMQ.

In the order in which it happened, at least once: what the broker has not confirmed is said
again under the same id.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pika
import structlog
from pika.adapters.blocking_connection import BlockingChannel

from actions import happenings
from actions.clock import Clock
from actions.db import Database
from actions.errors import kind_of
from actions.happenings import Happening
from bot.presence import Presence

log = structlog.get_logger()

EXCHANGE = "xiaoli"  # a topic: whoever wants to hear binds a queue of theirs to it
KIND = "town.xiaoli."  # how every type begins
AT_ONCE = 100
LOOKS = 1.0  # seconds between two looks
AFTER_TROUBLE = 5.0  # seconds
PERSISTENT = 2
WITHIN = {"socket_timeout": 5, "stack_timeout": 10, "blocked_connection_timeout": 10}


@dataclass(frozen=True)
class Announcer:
    """Tells one broker; of several workers one does it at a time."""

    database: Database
    clock: Clock
    presence: Presence
    url: str
    source: str

    def run(self, over: threading.Event) -> None:
        """Announce until it is over; an absent broker or store is waited for."""
        while not over.is_set():
            pause = LOOKS
            try:
                if self.presence.holds("announce"):
                    self.announce()
            except Exception as error:
                log.error("nothing is announced", error=kind_of(error))
                pause = AFTER_TROUBLE
            over.wait(pause)

    def announce(self) -> int:
        """Announce what waits; returns how much.

        Raises:
            pika.exceptions.AMQPError: the broker did not take all of it.
        """
        with self.database.reading() as db:
            waiting = happenings.unannounced(db, AT_ONCE)
        if not waiting:
            return 0
        taken: list[int] = []
        try:
            self._publish(waiting, taken.append)
        finally:
            with self.database.transaction() as db:
                happenings.mark_announced(db, taken, now=self.clock.now())
        return len(taken)

    def _publish(self, waiting: Sequence[Happening], taken: Callable[[int], None]) -> None:
        parameters = pika.URLParameters(self.url)
        for name, seconds in WITHIN.items():
            setattr(parameters, name, seconds)
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.exchange_declare(EXCHANGE, "topic", durable=True)
            for happening in waiting:
                self._tell(channel, happening)
                taken(happening.id)

    def _tell(self, channel: BlockingChannel, happening: Happening) -> None:
        """Tell one; returns once the broker has it on disk."""
        event = cloud_event(happening, self.source)
        channel.basic_publish(
            EXCHANGE,
            routing_key=happening.what,
            body=json.dumps(event, ensure_ascii=False).encode(),
            properties=pika.BasicProperties(
                content_type="application/cloudevents+json",
                delivery_mode=PERSISTENT,
                message_id=happening.key,
            ),
        )


def cloud_event(happening: Happening, source: str) -> dict[str, Any]:
    """Return a happening as CloudEvents 1.0 in its JSON form."""
    return {
        "specversion": "1.0",
        "id": happening.key,
        "source": source,
        "type": KIND + happening.what,
        "subject": happening.subject,
        "time": happening.happened_at.isoformat(),
        "datacontenttype": "application/json",
        "data": {"area": happening.area_id, **happening.facts},
    }
