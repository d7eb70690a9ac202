"""The query route: a dataset's comments with their labels, filtered and in order.

Source: Re:infer API guide, dataset query.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, page, place_of, token
from reinfer_pandas.sandbox.attributes import read_attributes
from reinfer_pandas.sandbox.checks import (
    as_fields,
    as_limit,
    as_object,
    as_option,
    as_text,
    required,
)
from reinfer_pandas.sandbox.definitions import entity_defs
from reinfer_pandas.sandbox.filters import Row, read_filter
from reinfer_pandas.sandbox.memory import remembered
from reinfer_pandas.sandbox.orders import ORDERS, recent
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reinfer_pandas.sandbox.data import Dataset, Place
    from reinfer_pandas.sandbox.world import World

DEFAULT_PAGE = 64
MAX_PAGE = 512
_BODY = ("order", "filter", "attribute_filters", "limit", "continuation", "collapse_mode")


@remembered
def _select(dataset: Dataset, filters: str) -> Sequence[int]:
    """Return the indices that the filters (as JSON text) take, the oldest first."""
    comment_filter, attribute_filters = json.loads(filters)
    selection = read_filter(comment_filter)
    tests = (*selection.tests, *read_attributes(attribute_filters))
    indices = dataset.between(selection.minimum_us, selection.maximum_us)
    if not tests:
        return indices
    return [index for index in indices if _takes(dataset[index], tests)]


def _takes(place: Place, tests: Iterable[Callable[[Row], bool]]) -> bool:
    row = Row(place.annotator.source, place.rank, place.annotator)
    return all(test(row) for test in tests)


def select(
    dataset: Dataset, comment_filter: object, attribute_filters: object = None
) -> Sequence[int]:
    """Return the indices of a dataset's comments that the filters take, the oldest first."""
    return _select(dataset, json.dumps([comment_filter, attribute_filters], sort_keys=True))


@remembered
def _arrange(dataset: Dataset, filters: str, order: str, is_collapsed: bool) -> Sequence[int]:
    """Return the selected indices in an order, both given as JSON text."""
    wanted = as_object(json.loads(order))
    keys, make_key = ORDERS[as_option(wanted.get("kind"), ORDERS)]
    key = make_key(dataset, as_fields(wanted, ("kind", *keys)))
    indices = _select(dataset, filters)
    is_plain_recent = make_key is recent
    ordered = indices[::-1] if is_plain_recent else sorted(indices, key=key)
    return _newest_of_threads(dataset, ordered) if is_collapsed else ordered


def _newest_of_threads(dataset: Dataset, ordered: Sequence[int]) -> list[int]:
    """Keep the first comment of each thread."""
    seen: set[object] = set()
    kept = []
    for index in ordered:
        annotator, rank = dataset[index]
        thread = (annotator.source.number, annotator.source.seeds[rank].thread)
        if thread not in seen:
            seen.add(thread)
            kept.append(index)
    return kept


def query(world: World, call: Call) -> Answer:
    """Answer with a page of a dataset's comments; as text with commas where that is asked for."""
    dataset = asked_dataset(world, call)
    body = as_fields(call.body, _BODY)
    filters = json.dumps([body.get("filter"), body.get("attribute_filters")], sort_keys=True)
    wanted = as_object(required(body, "order"))
    order = json.dumps(wanted, sort_keys=True)
    mode = as_option(body.get("collapse_mode") or "none", ("none", "thread_id"))
    ordered = _arrange(dataset, filters, order, mode == "thread_id")
    scope = (dataset.plan.id, filters, order, mode)
    limit, start = _window(call, body, scope=scope)
    shown = [dataset[index] for index in ordered[start : start + limit]]
    if "text/csv" in call.accept:
        return _as_csv(shown)
    end = start + len(shown)
    return page(
        "results",
        [place.annotator.encode(place.rank) for place in shown],
        entity_defs=entity_defs(dataset.plan),
        num_results={"filtered": len(ordered), "expected": len(ordered)},
        seed=wanted.get("seed"),
        query=wanted.get("query"),
        continuation=token(end, *scope) if end < len(ordered) else None,
    )


def _window(call: Call, body: Mapping[str, Any], *, scope: tuple[str, ...]) -> tuple[int, int]:
    """Return how many comments are asked for, and from which on."""
    asked = call.number("limit") if body.get("limit") is None else body["limit"]
    limit = as_limit(asked, default=DEFAULT_PAGE, maximum=MAX_PAGE)
    cursor = body.get("continuation") or call.param("continuation")
    return limit, 0 if cursor is None else place_of(as_text(cursor), *scope)


def _as_csv(places: Sequence[Place]) -> Answer:
    """Return comments as CSV, without an envelope."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("uid", "timestamp", "from", "subject", "body", "labels"))
    for annotator, rank in places:
        comment = annotator.source.write(rank).comment
        message = comment["messages"][0]
        names = [name for name, _ in sorted(annotator.labels.latest_scores(rank).items())]
        subject = message.get("subject", {}).get("text", "")
        body, sender = message["body"]["text"], message.get("from", "")
        writer.writerow(
            (comment["uid"], comment["timestamp"], sender, subject, body, "; ".join(names))
        )
    return Answer(out.getvalue().encode(), content_type="text/csv", rows=len(places))
