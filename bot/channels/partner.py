"""Those who come through a partner: what they are told, the partner reads at Open311."""

from actions.governance.partners import CHANNEL
from actions.wording import Said

NAME = CHANNEL


class ByAsking:
    """Nothing leaves by itself: the row the worker writes is what the partner asks for."""

    name = NAME
    sends_by_row = True
    told_by_staff = False

    def send(self, address: str, said: Said) -> None:
        """Send nothing more: the row is there."""
