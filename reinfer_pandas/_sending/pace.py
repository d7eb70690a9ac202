"""One pace for all: when the server asks one request to wait, the others wait too."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas._wire import Request, Response, Send


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
            error.log = tuple(replace(attempt, waited_ms=waited_ms) for attempt in error.log)
            raise
        attempts = tuple(replace(attempt, waited_ms=waited_ms) for attempt in response.attempts)
        return replace(response, attempts=attempts)

    return gated_send
