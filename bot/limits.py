"""How fast a session, or an address of the net, may write."""

import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from bot.problems import Problem

# Many households share one address of the net: it may write as much as so many sessions.
SESSIONS_PER_ADDRESS = 20


class Limits:
    """Counts requests of this process in a moving window, by `rate` ("40/minute")."""

    def __init__(self, rate: str) -> None:
        self._each: RateLimitItem = parse(rate)
        self._shared: RateLimitItem = parse(
            f"{self._each.amount * SESSIONS_PER_ADDRESS} per "
            f"{self._each.multiples} {self._each.GRANULARITY.name}"
        )
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def check(self, request: Request, session: str) -> None:
        """Count a request.

        Raises:
            Problem: 429 with the seconds after which there is room again.
        """
        where = request.client.host if request.client else "nowhere"
        for limit, key in ((self._each, f"session {session}"), (self._shared, f"net {where}")):
            if not self._windows.hit(limit, key):
                reset = self._windows.get_window_stats(limit, key).reset_time
                raise Problem(429, "too_fast", retry_after=max(1, round(reset - time.time())))
