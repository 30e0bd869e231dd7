"""Logs of what happens, never of what residents write."""

import logging

import structlog
from structlog.typing import EventDict, WrappedLogger

# Keys under which words of residents travel in this code: they are refused in a log.
WORDS = frozenset(
    {"text", "words", "payload", "body", "message", "question", "values", "label"}
)

# They write addresses, with a token in them, or whole messages where they are let.
TALKATIVE = ("httpx", "httpcore", "telegram", "websockets")


class WordsInLog(Exception):
    """A log call was about to write down what a resident said."""


def configure() -> None:
    """Log lines of key=value; libraries below warning are quiet."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            refuse_words,
            structlog.processors.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def refuse_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Refuse to log a value that may be a resident's.

    Raises:
        WordsInLog: names the key; the value stays out of the error as well.
    """
    for key in WORDS & event.keys():
        raise WordsInLog(f"{key} may hold what a resident wrote; log an id instead")
    return event
