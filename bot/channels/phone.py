"""Those who write nothing: what is owed to them waits at the desk until staff have phoned."""

from actions.callers import CHANNEL
from actions.wording import Said

NAME = CHANNEL


class ByPhone:
    """Nothing leaves by itself: the desk's list of calls is the delivery."""

    name = NAME
    sends_by_row = False
    told_by_staff = True

    def send(self, address: str, said: Said) -> None:
        """Never asked for: the worker leaves these notices to staff."""
        raise NotImplementedError(f"Notices of the channel {NAME} are told by staff")
