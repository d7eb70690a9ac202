"""From when to when reads went on: one by itself, and several joined."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reinfer_pandas._wire import Attempt


class Span(NamedTuple):
    """How many attempts a read made, and from when to when it went on.

    Attributes
    ----------
    n_attempts : int
        Rows of its log.
    began_at : str
        Begin of its first request, or of the wait before that, ISO 8601.
    wall_ms : float
        From then until the frame was made [ms].
    is_apart : bool
        Whether it went by a clock of its own, as a partition on another machine does.
    """

    n_attempts: int
    began_at: str
    wall_ms: float
    is_apart: bool = False


def span_of(attempts: Iterable[Attempt], made_at: datetime) -> dict[str, Any]:
    """Return when a read began and how long it took, as its tag has them.

    Parameters
    ----------
    attempts : iterable of Attempt
        Its log.
    made_at : datetime
        When its frame was made, UTC; a clock that was set back doesn't shorten the read.
    """
    attempts = list(attempts)
    began_at = min((_begin(one) for one in attempts), default=made_at)
    ends = (one.started_at + timedelta(milliseconds=one.elapsed_ms) for one in attempts)
    wall = max([made_at, *ends]) - began_at
    return {"began_at": began_at.isoformat(), "wall_ms": wall / timedelta(milliseconds=1)}


def joined_spans(tags: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return when the first of several reads began, how long they took, and each by itself.

    Reads that went on at the same time, as those of a read's chunks do, count once; those apart
    are added.

    Parameters
    ----------
    tags : sequence of Mapping
        Of the reads, in the order in which their logs are joined.
    """
    spans = [span for tag in tags for span in spans_of(tag)]
    if len(spans) < len(tags):  # one was made by an older version
        return {}
    return {
        "began_at": min((span.began_at for span in spans), key=datetime.fromisoformat),
        "wall_ms": sum(end - begin for begin, end, _ in together(spans)),
        "reads": json.dumps(spans),
    }


def spans_of(tag: Mapping[str, Any]) -> list[Span]:
    """Return the reads behind a tag, in the order of its log; none where it is older."""
    if "reads" in tag:
        return [Span(*span) for span in json.loads(tag["reads"])]
    if "wall_ms" not in tag:
        return []
    return [Span(tag["n_attempts"], tag["began_at"], tag["wall_ms"], "partition" in tag)]


def together(spans: Sequence[Span]) -> list[tuple[float, float, list[int]]]:
    """Put reads together that went on at the same time.

    Returns
    -------
    list of (float, float, list of int)
        Begin and end [ms since 1970], and the places of the reads, by time.
    """
    found: list[tuple[float, float, list[int]]] = []
    begins = [since_1970_ms(span.began_at) for span in spans]
    order = sorted(range(len(spans)), key=lambda place: (spans[place].is_apart, begins[place]))
    for place in order:
        begin, end = begins[place], begins[place] + spans[place].wall_ms
        if found and not spans[place].is_apart and begin <= found[-1][1]:
            before, until, places = found.pop()
            found.append((before, max(until, end), [*places, place]))
        else:
            found.append((begin, end, [place]))
    return found


def since_1970_ms(moment: str) -> float:
    """Return a time as milliseconds since 1970, its microseconds as a fraction."""
    since = datetime.fromisoformat(moment) - datetime(1970, 1, 1, tzinfo=UTC)
    return since / timedelta(milliseconds=1)


def _begin(attempt: Attempt) -> datetime:
    return attempt.started_at - timedelta(milliseconds=attempt.waited_ms)
