"""What is counted of messages, for /metrics: numbers only, never whose or what."""

from prometheus_client import Counter, Histogram

MESSAGES = Counter("xiaoli_messages", "Messages kept, by channel", ["channel"])
UNREADABLE = Counter("xiaoli_unreadable", "Updates that could not be read", ["channel"])
EMERGENCIES = Counter("xiaoli_emergencies", "Messages that got an emergency number")
TURNS = Counter("xiaoli_turns", "Turns, by how they ended", ["outcome"])
ANSWERED_IN = Histogram(
    "xiaoli_answer_seconds",
    "From a message's arrival to our answer",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 4, 6),
)
