"""What is counted as it happens, for /metrics: numbers only, never whose or what.

Labels are names of ours: of a channel, a part, how something ended. What the worker counts is
added up in the store (`actions/vitals.py`); figures of the store: `bot/operating/figures.py`.
"""

from prometheus_client import Counter, Gauge, Histogram

from actions.vitals import TALLIED

# Of this gateway.
MESSAGES = Counter("xiaoli_messages", "Messages kept, by channel", ["channel"])
UNREADABLE = Counter("xiaoli_unreadable", "Updates that could not be read", ["channel"])
EMERGENCIES = Counter("xiaoli_emergencies", "Messages that got an emergency number")
TURNS = Counter("xiaoli_turns", "Turns, by how they ended", ["outcome"])
ANSWERED_IN = Histogram(
    "xiaoli_answer_seconds",
    "From a message's arrival to our answer",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 4, 6),
)
RASA = Histogram(
    "xiaoli_rasa_seconds",
    "How long Rasa took, to answer or to read, whether it did or not",
    ["call"],
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4),
)
RASA_SILENT = Counter("xiaoli_rasa_silent", "Calls Rasa did not answer in time", ["call"])
AT_RASA = Gauge("xiaoli_rasa_calls_in_flight", "Calls that are with Rasa at this moment")
RESPONSES = Counter("xiaoli_http_responses", "Answers over HTTP, by their status", ["status"])

# Of all workers together.
DELIVERIES = Counter(
    "xiaoli_deliveries",
    "Tries to bring a message to a platform, by what came of them; slowed: it said 429",
    ["channel", "outcome"],
    registry=TALLIED,
)
VOICES = Counter(
    "xiaoli_voices",
    "Voices of replies, by what became of them",
    ["outcome"],
    registry=TALLIED,
)
FAILURES = Counter(
    "xiaoli_round_failures", "Rounds of the worker that failed", ["part"], registry=TALLIED
)
