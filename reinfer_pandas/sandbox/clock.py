"""The tenant's time: when people write, when they work, how its times are written."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
START_US = int(datetime(2025, 10, 1, tzinfo=UTC).timestamp()) * SECOND_US
DAYS = 182  # to the end of March 2026
END_US = START_US + DAYS * DAY_US - SECOND_US

_WEEKDAYS = (1.3, 1.15, 1.1, 1.05, 0.95, 0.25, 0.15)  # from Monday
_HOLIDAYS = frozenset({85, 86, 92})  # Christmas, Boxing Day, New Year, as days from the start
_HOURS = (0.1, 0.1, 0, 0, 0, 0.2, 0.6, 2, 6, 9, 9, 8, 6, 7, 8, 8, 7, 5, 3, 2, 2, 1.5, 1, 0.4)


class Calendar:
    """Where in the tenant's time the mail falls."""

    def __init__(self) -> None:
        days = [_day_weight(day) for day in range(DAYS)]
        self._days = list(accumulate(days))
        self._hours = list(accumulate(_HOURS))

    def draw(self, draw: Random) -> int:
        """Return a time at which a customer writes, in whole seconds."""
        day = bisect_right(self._days, draw.random() * self._days[-1])
        hour = bisect_right(self._hours, draw.random() * self._hours[-1])
        second = int(draw.random() * 3600)
        return START_US + day * DAY_US + hour * HOUR_US + second * SECOND_US


def _day_weight(day: int) -> float:
    if day in _HOLIDAYS:
        return 0.1
    return _WEEKDAYS[_weekday(START_US + day * DAY_US)] * (1 + 0.2 * day / DAYS)


def _weekday(at_us: int) -> int:
    return (at_us // DAY_US + 3) % 7  # 1 January 1970 was a Thursday


def at_work(at_us: int) -> int:
    """Return the time, moved to the next working hour where nobody is at work."""
    if at_us % DAY_US >= 18 * HOUR_US:
        at_us += DAY_US - at_us % DAY_US + 8 * HOUR_US + at_us % HOUR_US
    elif at_us % DAY_US < 8 * HOUR_US:
        at_us += 8 * HOUR_US - at_us % DAY_US + at_us % HOUR_US
    while _weekday(at_us) >= 5:
        at_us += DAY_US
    return at_us


def elapsed_share(at_us: int) -> float:
    """Return how much of the tenant's time is over, 0 to 1."""
    return (at_us - START_US) / (DAYS * DAY_US)


def rounded(at_us: int, number: int) -> int:
    """Round a time to what the form of its text will show."""
    if number % 8 in {4, 5} or not at_us % SECOND_US:
        return at_us - at_us % SECOND_US
    return at_us - at_us % 1000 if number % 8 == 6 else at_us


def timestamp(at_us: int, number: int = 0) -> str:
    """Write a time in one of the forms that the platform uses.

    Parameters
    ----------
    at_us : int
        Microseconds since 1970.
    number : int
        Of the form; counted round: mostly six digits, also none, three, and ``+00:00``.

    Source: Re:infer API, observed timestamps.
    """
    at = datetime.fromtimestamp(at_us // SECOND_US, UTC)
    whole, fraction = at.isoformat()[:19], at_us % SECOND_US
    form = number % 8
    if form in {4, 5} and not fraction:
        return f"{whole}Z"
    if form == 6 and not fraction % 1000:
        return f"{whole}.{fraction // 1000:03d}Z"
    return f"{whole}.{fraction:06d}{'+00:00' if form == 7 else 'Z'}"
