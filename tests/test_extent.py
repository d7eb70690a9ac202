"""The ends of what there is, found by reads of one row, at servers of microseconds or less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinfer_pandas._partitioning.extent import FIRST_YEAR, LAST_YEAR, Extent
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas.exceptions import ConfigurationError

INBOX = "sources/acme/inbox/comments"
CLAIMS = "datasets/acme/claims/comments"
MILLISECOND = 1_000


@dataclass
class Comments:
    """Comments at some times [microseconds since 1970], read as a client reads them."""

    times: Sequence[int]
    grain: int = 1
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def _read(self, resource: str, options: Mapping[str, Any]) -> pd.DataFrame:
        assert options["limit"] == 1
        self.asked.append(options)
        start, end = (self.kept(options.get(name)) for name in ("start", "end"))
        found = [
            time
            for time in self.times
            if (start is None or time >= start) and (end is None or time <= end)
        ]
        first = sorted(found, reverse=resource == CLAIMS)[:1]
        times = pd.Series(first, dtype="int64").astype("datetime64[us, UTC]")
        return pd.DataFrame({"timestamp": times})

    def kept(self, time: str | None) -> int | None:
        if time is None:
            return None
        since = datetime.fromisoformat(time) - datetime(1970, 1, 1, tzinfo=UTC)
        micros = since // timedelta(microseconds=1)
        return micros // self.grain * self.grain


def extent(comments: Comments, resource: str, **times: str) -> Extent:
    span = plan_read(resource, times).span
    return Extent(client=comments, resource=resource, options={}, span=span)


years = st.integers(-(30 * 365 * 86_400 * 10**6), 80 * 365 * 86_400 * 10**6)
some_times = st.one_of(
    st.lists(years, min_size=1, max_size=20),
    years.flatmap(lambda t: st.lists(st.integers(t, t + 5_000), min_size=1, max_size=20)),
)


@settings(max_examples=60)
@given(some_times, st.sampled_from([INBOX, CLAIMS]), st.sampled_from([1, MILLISECOND]))
def test_open_ends_hold_every_comment_and_little_more(times, resource, grain) -> None:
    comments = Comments(times, grain)
    start, end = extent(comments, resource).ends()
    assert start <= min(times)
    assert max(times) <= end
    length = max(times) - min(times)
    assert (end - start) - length <= max(MILLISECOND, length // 64)
    assert len(comments.asked) <= 60


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_ends_that_are_given_are_kept_and_not_asked_for(resource) -> None:
    comments = Comments([1_767_225_600_000_000])
    given_ends = {"start": "2020-01-01", "end": "2030-01-01 00:00:00.000001"}
    start, end = extent(comments, resource, **given_ends).ends()
    assert pd.Timestamp(start, unit="us") == pd.Timestamp("2020-01-01")
    assert pd.Timestamp(end, unit="us") == pd.Timestamp("2030-01-01 00:00:00.000001")
    assert comments.asked == []


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
@pytest.mark.parametrize("times", [{"start": "2020-01-01"}, {"end": "2030-01-01"}])
def test_one_end_may_be_open(resource, times) -> None:
    comments = Comments([1_767_225_600_000_000, 1_769_225_600_123_456])
    start, end = extent(comments, resource, **times).ends()
    assert start <= comments.times[0] < comments.times[1] <= end
    if "start" in times:
        assert pd.Timestamp(start, unit="us") == pd.Timestamp("2020-01-01")
    else:
        assert pd.Timestamp(end, unit="us") == pd.Timestamp("2030-01-01")


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_an_open_range_without_comments_is_refused(resource) -> None:
    with pytest.raises(ConfigurationError, match="has no comments here"):
        extent(Comments([]), resource, start="2020-01-01").ends()


@pytest.mark.parametrize("resource", [INBOX, CLAIMS])
def test_times_at_the_ends_of_the_calendar_are_found(resource) -> None:
    times = [FIRST_YEAR, 1_767_225_600_000_000, LAST_YEAR + 5]
    start, end = extent(Comments(times), resource).ends()
    assert (start, end) == (FIRST_YEAR, LAST_YEAR + 5)
