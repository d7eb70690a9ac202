"""One pace for a cluster: forty workers are one user to the platform.

Both bounds are leases of a semaphore at the scheduler. A request takes one and gives it back when
so long has passed as it counts for, whatever became of the request: so the leases are the requests
of the last second. A worker that is told to wait takes one of another semaphore for that long, and
no worker begins a request while there is any. Leases of a worker that died run out by themselves,
after the scheduler's `distributed.scheduler.locks.lease-timeout`.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from reinfer_pandas._sending.pace import Gate, Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Semaphore

    from reinfer_pandas.exceptions import ReinferError

LOOK_S = 0.25
"""How soon the end of a pause, or of a read, is noticed [s]."""

SLACK_S = 0.05
"""What may lie between a turn and the beginning of its request [s]."""

_MANY = 1_000_000


class ClusterPace:
    """Lets so many requests begin in a second, over all workers.

    Parameters
    ----------
    per_second : float
        How many may begin in any second; a fraction above 1 is left out. Below 1, one may begin
        in that many seconds.
    name : str
        All paces of this name and number are one.
    """

    def __init__(self, per_second: float, name: str) -> None:
        from distributed import Semaphore

        self._hold_s = max(1.0, 1 / per_second) + SLACK_S
        self._leases = Semaphore(max(1, int(per_second)), f"{name}-{per_second:g}-a-second")
        self._waits = Waits()

    def wait_turn(self, sleep: Callable[[float], None]) -> float:
        """Wait until the next request may begin, and return how long that took [s]."""
        start_s = time.monotonic()
        while not self._leases.acquire(timeout=LOOK_S):
            sleep(0)  # which ends this where the read is over
        release_in(self._leases, self._hold_s)
        return self._waits.add(time.monotonic() - start_s)

    def clock(self) -> float:
        """Return a time that stands still while this thread waits for its turn [s]."""
        return time.monotonic() - self._waits.total_s


class ClusterGate(Gate):
    """A gate that is closed for all workers when one is told to wait.

    Parameters
    ----------
    name : str
        All gates of this name are one.
    default_s, most_s : float
        As for `Gate` [s].
    """

    def __init__(self, name: str, *, default_s: float, most_s: float) -> None:
        from distributed import Semaphore

        super().__init__(default_s=default_s, most_s=most_s)
        self._pauses = Semaphore(_MANY, f"{name}-pause")

    def heed(self, error: ReinferError) -> None:
        """Hold back what comes, here and elsewhere, if the error says that the server wants it."""
        super().heed(error)
        pause_s = self._opens_at_s - self._clock()
        if pause_s > 0 and self._pauses.acquire(timeout=LOOK_S):
            release_in(self._pauses, pause_s)

    @property
    def is_open(self) -> bool:
        """Whether nothing is held back now, by any worker."""
        return super().is_open and not self._pauses.get_value()

    def pass_through(self, sleep: Callable[[float], None]) -> float:
        """Wait until the gate is open, and return how long that took [s]."""
        start_s = self._clock()
        super().pass_through(sleep)
        while self._pauses.get_value():
            sleep(LOOK_S)
        return self._clock() - start_s


def release_in(leases: Semaphore, wait_s: float) -> None:
    """Have a lease given back after a while, without waiting for that [s]."""
    leases.loop.add_callback(partial(_release, leases, wait_s))


async def _release(leases: Semaphore, wait_s: float) -> None:
    await asyncio.sleep(wait_s)
    await leases.release()
