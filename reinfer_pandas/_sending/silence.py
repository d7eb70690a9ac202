"""How long nothing has come from the server, over all requests of a read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Silence:
    """The time since the last byte, waits that the server asked for not counted.

    It may be used from many threads.

    Parameters
    ----------
    most_s : float
        How long it may last [s].
    clock : callable
        Tells the time [s].
    """

    def __init__(self, most_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most_s = most_s
        self._clock = clock
        self._since_s = clock()

    def end(self) -> None:
        """Note that something came, or that nothing was asked for before."""
        self._since_s = self._clock()

    def excuse(self, seconds: float) -> None:
        """Leave out a wait that the server asked for, and that is over now."""
        self._since_s = min(self._clock(), self._since_s + seconds)

    @property
    def left_s(self) -> float:
        """How long it may still last [s]; 0 or less when it has lasted too long."""
        return self.most_s - (self._clock() - self._since_s)
