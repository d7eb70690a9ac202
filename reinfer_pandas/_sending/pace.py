"""One pace for all: when the server asks one request to wait, the others wait too.

And where so many requests a second are the most that may begin, each waits for its turn.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas._wire import Attempt, Request, Response, Send


class Gate:
    """Holds requests back for as long as the server asked.

    Parameters
    ----------
    default_s : float
        How long after a 429 that doesn't say [s].
    most_s : float
        A longer wait isn't obeyed here: it ends the read that met it [s].
    clock : callable
        Tells the time [s].
    """

    def __init__(
        self, *, default_s: float, most_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._default_s = default_s
        self._most_s = most_s
        self._clock = clock
        self._opens_at_s = clock()
        self._lock = threading.Lock()

    def heed(self, error: ReinferError) -> None:
        """Hold back what comes, if the error says that the server wants it."""
        wait_s = error.retry_after_s
        if wait_s is None and error.status_code == 429:
            wait_s = self._default_s
        if wait_s is not None and wait_s <= self._most_s:
            with self._lock:
                self._opens_at_s = max(self._opens_at_s, self._clock() + wait_s)

    @property
    def is_open(self) -> bool:
        """Whether nothing is held back now."""
        return self._opens_at_s <= self._clock()

    def pass_through(self, sleep: Callable[[float], None]) -> float:
        """Wait until the gate is open, and return how long that took [s]."""
        start_s = self._clock()
        while (left_s := self._opens_at_s - self._clock()) > 0:
            sleep(left_s)
        return self._clock() - start_s


def gated(
    send: Send,
    gate: Gate,
    *,
    sleep: Callable[[float], None] = time.sleep,
    excuse: Callable[[float], None] = lambda _: None,
) -> Send:
    """Return a `Send` that goes through a gate, and closes it for all when told to wait.

    Parameters
    ----------
    send, gate : Send, Gate
        Sends once; holds back.
    sleep : callable
        Waits [s].
    excuse : callable
        Told how long the gate was closed [s].
    """

    def gated_send(request: Request) -> Response:
        waited_s = gate.pass_through(sleep)
        waited_ms = waited_s * 1000
        excuse(waited_s)
        if request.timeout_s is not None:
            request = replace(request, timeout_s=max(0.0, request.timeout_s - waited_s))
        try:
            response = send(request)
        except ReinferError as error:
            gate.heed(error)
            error.log = _waited(error.log, waited_ms)
            raise
        return replace(response, attempts=_waited(response.attempts, waited_ms))

    return gated_send


class Pace(Protocol):
    """Says when the next request may begin."""

    def wait_turn(self, sleep: Callable[[float], None]) -> float:
        """Wait until the next request may begin, and return how long that took [s]."""
        ...

    def clock(self) -> float:
        """Return a time that stands still while this thread waits for its turn [s]."""
        ...


class EvenPace:
    """Lets requests begin at even distances, whatever the threads.

    Parameters
    ----------
    per_second : float
        How many may begin in a second.
    clock : callable
        Tells the time [s].
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._distance_s = 1 / per_second
        self._clock = clock
        self._next_s = clock()
        self._lock = threading.Lock()
        self._waits = Waits()

    def wait_turn(self, sleep: Callable[[float], None]) -> float:
        """Wait until the next request may begin, and return how long that took [s]."""
        start_s = self._clock()
        with self._lock:
            turn_s = max(start_s, self._next_s)
            self._next_s = turn_s + self._distance_s
        while (left_s := turn_s - self._clock()) > 0:
            sleep(left_s)
        return self._waits.add(self._clock() - start_s)

    def clock(self) -> float:
        """Return a time that stands still while this thread waits for its turn [s]."""
        return self._clock() - self._waits.total_s


class Waits(threading.local):
    """How long each thread has waited for its turns."""

    total_s = 0.0

    def add(self, wait_s: float) -> float:
        """Note a wait, and return it [s]."""
        self.total_s += wait_s
        return wait_s


def paced(
    send: Send,
    pace: Pace,
    gate: Gate,
    *,
    sleep: Callable[[float], None] = time.sleep,
    excuse: Callable[[float], None] = lambda _: None,
) -> Send:
    """Return a `Send` that waits for its turn; the wait is told, and counts for no deadline.

    A turn that comes while the gate is closed is let go by.

    Parameters
    ----------
    send, pace, gate : Send, Pace, Gate
        Sends once; says when; holds back.
    sleep : callable
        Waits [s].
    excuse : callable
        Told how long that was [s].
    """

    def paced_send(request: Request) -> Response:
        waited_s = pace.wait_turn(sleep)
        while not gate.is_open:
            waited_s += gate.pass_through(sleep) + pace.wait_turn(sleep)
        waited_ms = waited_s * 1000
        excuse(waited_s)
        try:
            response = send(request)
        except ReinferError as error:
            error.log = _waited(error.log, waited_ms)
            raise
        return replace(response, attempts=_waited(response.attempts, waited_ms))

    return paced_send


def _waited(attempts: tuple[Attempt, ...], waited_ms: float) -> tuple[Attempt, ...]:
    """Return attempts with a wait more."""
    return tuple(replace(one, waited_ms=one.waited_ms + waited_ms) for one in attempts)
