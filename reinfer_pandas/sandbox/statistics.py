"""The statistics of a dataset: how many comments, how many of each label, over time.

A reviewed comment counts 1 for each of its labels, another the probability of each prediction that
the query route lists: the figures add up with its comments.

Source: Re:infer API guide, statistics.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from reinfer_pandas.sandbox.answers import Answer, Call, ok
from reinfer_pandas.sandbox.checks import as_array, as_fields, as_flag, as_limit, as_option, as_text
from reinfer_pandas.sandbox.clock import SECOND_US, timestamp
from reinfer_pandas.sandbox.definitions import label_names
from reinfer_pandas.sandbox.labels import SHOWN
from reinfer_pandas.sandbox.memory import remembered
from reinfer_pandas.sandbox.queries import select
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reinfer_pandas.sandbox.data import Dataset, Place
    from reinfer_pandas.sandbox.world import World

T = TypeVar("T")
_BODY = (
    "comment_filter",
    "attribute_filters",
    "label_filter",
    "by_labels",
    "by_label_properties",
    "time_resolution",
    "string_user_property_counts",
    "email_property_counts",
    "source_counts",
    "label_timeseries",
    "label_property_timeseries",
    "thread_histogram",
    "nps_property",
    "thread_mode",
    "timezone",
)


class Count(NamedTuple):
    """One label of one comment, as a share of a count."""

    name: str
    expected: float
    is_positive: bool


def counts(place: Place) -> Iterator[Count]:
    """Yield what a comment adds to the counts of labels."""
    labels, rank = place.annotator.labels, place.rank
    if labels.is_reviewed(rank):
        for label in labels.assigned(rank):
            yield Count(label["name"], 1.0, label["sentiment"] == "positive")
        return
    is_signed = labels.plan.has_sentiment
    for name, value in labels.latest_scores(rank).items():
        if value >= SHOWN:
            yield Count(name, value, not is_signed or labels.sentiment(rank, name) >= 0)


@remembered
def _label_counts(dataset: Dataset, filters: str) -> Mapping[str, Mapping[str, float]]:
    """Return the expected count of each label, by sentiment; the filters are JSON text."""
    totals: dict[str, dict[str, float]] = {
        name: {"positive": 0.0, "negative": 0.0} for name in label_names(dataset.plan)
    }
    for index in select(dataset, *json.loads(filters)):
        for count in counts(dataset[index]):
            totals[count.name]["positive" if count.is_positive else "negative"] += count.expected
    return totals


def dataset_statistics(world: World, call: Call) -> Answer:
    """Answer with the statistics of the comments that the filters take."""
    dataset = asked_dataset(world, call)
    body = as_fields(call.body, _BODY)
    filters = [body.get("comment_filter"), body.get("attribute_filters")]
    indices = select(dataset, *filters)
    totals = _label_counts(dataset, json.dumps(filters, sort_keys=True))
    shown = _shown_labels(totals, body)
    places = [dataset[index] for index in indices]
    found: dict[str, Any] = {
        "thread_mode": as_flag(body.get("thread_mode")),
        "by_labels": shown,
        "by_label_properties": as_array(body.get("by_label_properties")),
        "num_comments": float(len(indices)),
        "min_timestamp": _time_of(places[:1]),
        "max_timestamp": _time_of(places[-1:]),
        "label_counts": {name: totals[name] for name in shown},
        "string_user_property_counts": [
            _property_counts(places, each)
            for each in as_array(body.get("string_user_property_counts"))
        ],
        "email_property_counts": {},
        "thread_histogram_counts": _thread_histogram(places)
        if as_flag(body.get("thread_histogram"))
        else {},
        "timezone": as_text(body.get("timezone"), "UTC"),
    }
    if as_flag(body.get("label_timeseries")):
        found["label_timeseries"] = _timeseries(world, places, shown, body)
    if "source_counts" in body:
        found["source_counts"] = _source_counts(places, body["source_counts"])
    return ok(statistics=found)


def _time_of(places: Sequence[Place]) -> str | None:
    return timestamp(places[0].annotator.source.at_us(places[0].rank)) if places else None


def _shown_labels(totals: Mapping[str, Mapping[str, float]], body: Mapping[str, Any]) -> list[str]:
    """Return the labels that were asked for: by name, the largest, or all."""
    by_size = sorted(totals, key=lambda name: -sum(totals[name].values()))
    asked = as_fields(body.get("by_labels"), ("include", "top"))
    if "include" in asked:
        names = as_array(as_fields(asked["include"], ("include_labels",)).get("include_labels"))
        return [as_option(name, totals) for name in names]
    if "top" in asked:
        top = as_fields(asked["top"], ("num_top_labels", "exclude_labels"))
        count = as_limit(top.get("num_top_labels"), default=10, maximum=1024)
        excluded = {as_text(name) for name in as_array(top.get("exclude_labels"))}
        return [name for name in by_size if name not in excluded][:count]
    return by_size


def _property_counts(places: Iterable[Place], asked: object) -> dict[str, Any]:
    """Return how often each value of a user property occurs."""
    found = as_fields(asked, ("group_by", "limit", "values"))
    name = f"string:{as_text(found.get('group_by')).removeprefix('string:')}"
    tally = Counter(
        value
        for annotator, rank in places
        if (value := annotator.source.user_properties(rank).get(name)) is not None
    )
    values = [{"value": value, "count": count} for value, count in _most_common(tally, found)]
    return {"group_by": name, "values": values}


def _source_counts(places: Iterable[Place], asked: object) -> list[dict[str, Any]]:
    """Return how many comments each source has."""
    found = as_fields(asked, ("limit", "values"))
    tally = Counter(place.annotator.source.plan.id for place in places)
    return [{"source_id": name, "count": count} for name, count in _most_common(tally, found)]


def _most_common(tally: Counter[T], asked: Mapping[str, Any]) -> list[tuple[T, int]]:
    """Return the values asked for, or all, the most frequent first, up to a limit."""
    wanted = as_array(asked.get("values"))
    limit = as_limit(asked.get("limit"), default=len(tally) or 1, maximum=10_000)
    return [pair for pair in tally.most_common() if not wanted or pair[0] in wanted][:limit]


def _thread_histogram(places: Iterable[Place]) -> dict[str, int]:
    """Return how many threads have how many messages."""
    sizes: dict[tuple[int, int], int] = {}
    for annotator, rank in places:
        thread = annotator.source.thread_of(rank)
        if not thread.lone:
            sizes[annotator.source.number, thread.number] = len(thread.times_us)
    return {str(size): count for size, count in sorted(Counter(sizes.values()).items())}


# over time

_FIRST_DAYS = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}


class _Bucket:
    """What falls into one step of the time series."""

    def __init__(self) -> None:
        self.comments = 0
        self.positive: Counter[str] = Counter()
        self.negative: Counter[str] = Counter()

    def add(self, place: Place) -> None:
        self.comments += 1
        for count in counts(place):
            side = self.positive if count.is_positive else self.negative
            side[count.name] += count.expected  # type: ignore[assignment]


def _timeseries(
    world: World, places: Iterable[Place], labels: Sequence[str], body: Mapping[str, Any]
) -> list[Any]:
    """Return the counts by day, week, month or year, in the shape that this server gives."""
    resolution = as_option(body.get("time_resolution") or "day", _FIRST_DAYS)
    buckets: defaultdict[date, _Bucket] = defaultdict(_Bucket)
    for place in places:
        at_us = place.annotator.source.at_us(place.rank)
        day = datetime.fromtimestamp(at_us // SECOND_US, UTC).date()
        buckets[_FIRST_DAYS[resolution](day)].add(place)
    shape = _as_object if world.label_timeseries == "objects" else _as_list
    return [shape(day, buckets[day], labels) for day in sorted(buckets)]


def _as_object(day: date, bucket: _Bucket, labels: Sequence[str]) -> dict[str, Any]:
    _, comments, positive, negative, *each = _as_list(day, bucket, labels)
    return {
        "timestamp_str": day.isoformat(),
        "expected_count_any": comments,
        "expected_count_positive": positive,
        "expected_count_negative": negative,
        "label_sentiment_counts": each,
    }


def _as_list(day: date, bucket: _Bucket, labels: Sequence[str]) -> list[Any]:
    positive = sum(bucket.positive[name] for name in labels)
    negative = sum(bucket.negative[name] for name in labels)
    each = [bucket.positive[name] + bucket.negative[name] for name in labels]
    return [day.isoformat(), float(bucket.comments), positive, negative, *each]
