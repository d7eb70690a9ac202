"""Faults on demand: what goes wrong, for which requests, how often.

Source: RFC 9110 and RFC 9112 for what an HTTP server may do; Re:infer API guide for the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from threading import Lock
from typing import TYPE_CHECKING

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.sandbox.dice import even, scatter
from reinfer_pandas.sandbox.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable


_BY_RATE = -1


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with some requests.

    A request that is answered by a status, a gateway's page or a redirect is not carried out; with
    every other kind it is, and only its answer goes wrong.

    Parameters
    ----------
    kind : str
        What: one of `Fault.kinds`.
    status : int, optional
        HTTP status of the answer, where the kind is not about the connection.
    retry_after : str or float, optional
        The header ``Retry-After``, as it is: seconds, an HTTP date, or anything else.
    times : int or None
        How often; None for ever. By default once, or for ever where a rate draws.
    rate : float
        Share of the matching requests that are hit, 0 to 1; drawn, and the same for a seed.
    path : str
        Regular expression, searched in the path as sent, below the base; matches all by default.
    method : str, optional
        HTTP method.
    after : int
        How many matching requests go by untouched first.
    seconds : float
        How long a stall or a drip lasts [s].
    message : str, optional
        In the error's envelope.
    value : str, optional
        The header of the kinds ``server timing`` and ``redirect``.
    size_bytes : int
        Least size of the body of the kind ``big`` [bytes].

    Examples
    --------
    Two 503s, then all is well:

    >>> Fault("status", status=503, times=2).times
    2

    One request in ten to the query route is answered 429:

    >>> fault = Fault("status", status=429, retry_after=1, path="/query$", rate=0.1)
    >>> fault.times is None
    True
    """

    kind: str
    status: int | None = None
    retry_after: str | float | None = None
    times: int | None = _BY_RATE
    rate: float = 1.0
    path: str = ""
    method: str | None = None
    after: int = 0
    seconds: float = 3600.0
    message: str | None = None
    value: str | None = None
    size_bytes: int = 100_000_000

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = get_close_matches(self.kind, KINDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f": one of {sorted(KINDS)}"
            raise ConfigurationError(f"no such kind of fault, {self.kind!r}{hint}")
        if self.after < 0 or self.seconds < 0 or self.size_bytes < 0:
            raise ConfigurationError("after, seconds and size_bytes must be 0 or more")
        if not 0 <= self.rate <= 1:
            raise ConfigurationError(f"rate must be from 0 to 1, not {self.rate!r}")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ConfigurationError(f"status must be from 200 to 599, not {self.status!r}")
        if self.times == _BY_RATE:
            object.__setattr__(self, "times", 1 if self.rate == 1 else None)
        if self.times is not None and self.times < 0:
            raise ConfigurationError(
                f"times must be 0 or more, or None for ever, not {self.times!r}"
            )
        try:
            re.compile(self.path)
        except re.error as error:
            raise ConfigurationError(f"path is no regular expression: {error}") from error

    @staticmethod
    def kinds() -> dict[str, str]:
        """Return the kinds, and what each does."""
        return dict(KINDS)

    def matches(self, method: str, path: str, *, has_cursor: bool) -> bool:
        """Tell whether a request is of those that may be hit."""
        if self.kind == "repeat continuation" and not has_cursor:
            return False  # a first page has none to repeat
        return self.method in {None, method} and re.search(self.path, path) is not None


@dataclass(slots=True)
class _Entry:
    fault: Fault
    seen: int = 0
    fired: int = 0

    def fires(self, key: int) -> bool:
        """Count a matching request, and tell whether this one is hit."""
        self.seen += 1
        is_due = self.seen > self.fault.after and even(key, self.seen) < self.fault.rate
        if not is_due or self.fired == self.fault.times:
            return False
        self.fired += 1
        return True


class FaultBook:
    """The faults of a server, in the order in which they were asked for.

    Parameters
    ----------
    faults : iterable of Fault
        Those of the start.
    seed : int
        What the draws depend on, with the number of the matching request.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self._lock = Lock()
        self._seed = seed
        self._entries = [_Entry(fault) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Have one more fault from now on."""
        with self._lock:
            self._entries.append(_Entry(fault))

    def clear(self) -> None:
        """Have no more faults."""
        with self._lock:
            self._entries.clear()

    def draw(self, method: str, path: str, *, has_cursor: bool) -> Fault | None:
        """Return the fault that hits a request: the first that fires."""
        with self._lock:
            for number, entry in enumerate(self._entries):
                is_match = entry.fault.matches(method, path, has_cursor=has_cursor)
                if is_match and entry.fires(scatter(self._seed, number)):
                    return entry.fault
        return None
