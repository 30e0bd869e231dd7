"""Governance: problems residents report, who owns them, and what came of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rasa_sdk.interfaces import Action

    from actions.dialogue import Ground


def actions(ground: "Ground") -> "list[Action]":
    """Make the topic's actions; imported late, so that services come without Rasa's library."""
    from actions.governance.actions import actions as made

    return made(ground)
