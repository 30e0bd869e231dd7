"""Neighbours: what residents ask of one another, who takes it on, and how both stay safe."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rasa_sdk.interfaces import Action

    from actions.dialogue import Ground


def actions(ground: "Ground") -> "list[Action]":
    """Make the topic's actions; imported late, so that services come without Rasa's library."""
    from actions.neighbours.actions import actions as made

    return made(ground)
