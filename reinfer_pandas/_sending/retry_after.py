"""The ``Retry-After`` response header: seconds, or one of HTTP's three forms of date.

Source: RFC 9110, 5.6.7 (dates) and 10.2.3 (Retry-After).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_ZONE = r"(?:gmt|utc|z|[+-]0000)"
_DATES = (
    # Sun, 06 Nov 1994 08:49:37 GMT and Sunday, 06-Nov-94 08:49:37 GMT, from after the comma
    re.compile(
        rf"(?P<day>[0-9]{{1,2}})[ -]{_MONTH}[ -](?P<year>[0-9]{{4}}|[0-9]{{2}}) {_CLOCK} {_ZONE}"
    ),
    # Sun Nov  6 08:49:37 1994
    re.compile(rf"[a-z]{{3}} {_MONTH} {{1,2}}(?P<day>[0-9]{{1,2}}) {_CLOCK} (?P<year>[0-9]{{4}})"),
)


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return how long a server asks to wait.

    No text makes it raise.

    Parameters
    ----------
    value : str or None
        The header; several are one, joined by commas, of which the longest wait counts.
    now : datetime
        The time, with its zone; a date is a wait from then on.

    Returns
    -------
    float or None
        The wait [s]; None where the header is missing, can't be read, or is a date gone by.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> now = datetime(1994, 11, 6, 8, 49, tzinfo=UTC)
    >>> parse_retry_after("120", now=now)
    120.0
    >>> parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now=now)
    37.0
    """
    # A weekday falls off its date at the comma, and isn't missed.
    waits = [_wait_s(part.strip().lower(), now) for part in (value or "").split(",")]
    return max((wait for wait in waits if wait is not None), default=None)


def _wait_s(text: str, now: datetime) -> float | None:
    """Read one member."""
    if _SECONDS.fullmatch(text):
        seconds = float(text)
        return seconds if seconds < math.inf else None
    date = _date(text, now)
    wait = (date - now).total_seconds() if date else 0.0
    return wait if wait > 0 else None


def _date(text: str, now: datetime) -> datetime | None:
    """Read a date; None for none, or one that no calendar has."""
    for form in _DATES:
        if match := form.fullmatch(text):
            month = 1 + _MONTHS.index(match["month"])
            second = min(int(match["second"]), 59)  # 60 is a leap second
            clock = int(match["hour"]), int(match["minute"]), second
            try:
                return datetime(
                    _year(match["year"], now), month, int(match["day"]), *clock, tzinfo=UTC
                )
            except ValueError:
                return None
    return None


def _year(digits: str, now: datetime) -> int:
    """Return a year; of two digits, the latest that is at most 50 years ahead."""
    if len(digits) == 4:
        return int(digits)
    return now.year + 50 - (now.year + 50 - int(digits)) % 100
