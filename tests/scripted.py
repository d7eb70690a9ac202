"""Reads as they might have gone, by a clock that only these scripts move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from reinfer_pandas._wire import Attempt
from reinfer_pandas.frames import tag

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PHASES = ("waiting", "server", "network", "unknown", "client")


def at(ms: float) -> datetime:
    return START + timedelta(microseconds=round(ms * 1000))


@dataclass
class Sent:
    """An attempt, when it ended, and what had bounded the read until then."""

    attempt: Attempt
    end_ms: float
    bounded: dict[str, float]


@dataclass
class Script:
    """Attempts sent one by one; each knows which one let it begin."""

    notes_after: bool = True
    requests: list[list[Sent]] = field(default_factory=list)

    def send(
        self,
        after: Sent | None = None,
        *,
        worker: int | None = None,
        pause: float = 0.0,
        wait: float = 0.0,
        server: float | None = 0.0,
        network: float = 0.0,
        again: bool = False,
        **facts: Any,
    ) -> Sent:
        """Send an attempt, ``again`` for the next try at the request of ``after``."""
        begin_ms = (after.end_ms if after else 0.0) + pause
        elapsed_ms = (server or 0.0) + network
        bounded = dict(after.bounded) if after else dict.fromkeys(PHASES, 0.0)
        known = server is not None
        for name, ms in (
            ("client", pause),
            ("waiting", wait),
            ("server", server if known else 0.0),
            ("network" if known else "unknown", network),
        ):
            bounded[name] += ms or 0.0
        tries = self._tries(after) if again and after else []
        attempt = Attempt(
            **{
                "started_at": at(begin_ms + wait),
                "method": "GET",
                "path": "/x",
                "status": 200,
                "number": len(tries) + 1,
                "server_ms": server,
                "elapsed_ms": elapsed_ms,
                "waited_ms": wait,
                "worker": worker,
                "after": after.attempt.started_at if after and self.notes_after else None,
                **facts,
            }
        )
        sent = Sent(attempt, begin_ms + wait + elapsed_ms, bounded)
        if not tries:
            self.requests.append(tries)
        tries.append(sent)
        return sent

    def last(self) -> Sent:
        return max((sent for tries in self.requests for sent in tries), key=lambda s: s.end_ms)

    def log(self) -> list[tuple[Attempt, ...]]:
        return [tuple(sent.attempt for sent in tries) for tries in self.requests]

    def frame(self, made_ms: float | None = None) -> pd.DataFrame:
        """Return a tagged frame, made when the last answer came, or later."""
        made_at = at(self.last().end_ms if made_ms is None else made_ms)
        return tag(pd.DataFrame(), self.log(), resource="r", host="h", fetched_at=made_at)

    def _tries(self, one: Sent) -> list[Sent]:
        return next(tries for tries in self.requests if tries[-1] is one)
