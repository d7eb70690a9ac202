"""The routes that sum a dataset up: its summary, and its user properties.

Source: Re:infer API guide, summary and user properties.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.checks import as_fields, as_limit
from reinfer_pandas.sandbox.definitions import entity_id, entity_kinds, label_names
from reinfer_pandas.sandbox.plans import SOURCES
from reinfer_pandas.sandbox.queries import select
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reinfer_pandas.sandbox.data import Dataset, Place
    from reinfer_pandas.sandbox.world import World

_MOST_VALUES = 100
_TYPES = {"pdf": ["pdf"], "image": ["jpg", "png"], "word": ["docx"]}
_EXTENSIONS = {"documents": ["docx", "pdf"], "images": ["jpg", "png"]}


def _tally(places: Iterable[Place]) -> dict[str, Counter[str | float]]:
    """Return how often each value of each user property occurs."""
    found: dict[str, Counter[str | float]] = {}
    for annotator, rank in places:
        for name, value in annotator.source.user_properties(rank).items():
            found.setdefault(name, Counter())[value] += 1
    return dict(sorted(found.items()))


def get_summary(world: World, call: Call) -> Answer:
    """Answer with what there is to filter a dataset by."""
    dataset = asked_dataset(world, call)
    body = as_fields(call.body, ("filter", "attribute_filters", "thread_mode", "beta"))
    places = [
        dataset[index]
        for index in select(dataset, body.get("filter"), body.get("attribute_filters"))
    ]
    plans = [plan for plan in SOURCES if plan.full_name in dataset.plan.sources]
    tally = _tally(places)
    return ok(
        summary={
            "user_properties": {
                "number": [{"full_name": name} for name in tally if name.startswith("number:")],
                "string": [
                    _values(name, counts)
                    for name, counts in tally.items()
                    if name.startswith("string:")
                ],
            },
            "label_properties": [],
            "source_kinds": sorted({plan.kind for plan in plans}),
            "source_names": [plan.full_name for plan in plans],
            "annotation_metadata": {"unknown": _count_reviewed(dataset)},
            "labels": _labels(dataset),
            "entity_defs": _entities(dataset),
            "attachments_common_types_extensions": _TYPES,
            "attachments_file_extensions": _EXTENSIONS,
        }
    )


def _values(name: str, counts: Counter[str | float]) -> dict[str, Any]:
    return {
        "full_name": name,
        "too_many_values": len(counts) > _MOST_VALUES,
        "values": [{"value": value} for value, _ in counts.most_common(_MOST_VALUES)],
    }


def _count_reviewed(dataset: Dataset) -> int:
    return sum(annotator.labels.is_reviewed(rank) for annotator, rank in dataset)


def _labels(dataset: Dataset) -> list[dict[str, Any]]:
    """Return how often people gave each label, whatever the filter."""
    counts = {name: {"positive": 0, "negative": 0} for name in label_names(dataset.plan)}
    for annotator, rank in dataset:
        for label in annotator.labels.assigned(rank):
            counts[label["name"]][label["sentiment"]] += 1
    return [
        {"name": name, "unfiltered_assigned": count, "threshold": 0.55}
        for name, count in counts.items()
    ]


def _entities(dataset: Dataset) -> list[dict[str, Any]]:
    counts = dict.fromkeys(entity_kinds(dataset.plan), 0)
    for annotator, rank in dataset:
        if annotator.labels.is_reviewed(rank):
            for entity in annotator.entities.as_entities(rank)["assigned"]:
                counts[entity["kind"]] += 1
    return [{"id": entity_id(kind), "unfiltered_assigned": count} for kind, count in counts.items()]


def list_user_properties(world: World, call: Call) -> Answer:
    """Answer with a dataset's user properties, and how often they occur."""
    tally = _tally(asked_dataset(world, call))
    return ok(
        user_properties={
            "number": [
                {"full_name": name, "count": counts.total()}
                for name, counts in tally.items()
                if name.startswith("number:")
            ],
            "string": [
                _counted(name, counts, _MOST_VALUES)
                for name, counts in tally.items()
                if name.startswith("string:")
            ],
        }
    )


def _counted(name: str, counts: Counter[str | float], limit: int) -> dict[str, Any]:
    return {
        "full_name": name,
        "count": counts.total(),
        "cardinality": len(counts),
        "values": [{"value": value, "count": n} for value, n in counts.most_common(limit)],
    }


def list_user_property_values(world: World, call: Call) -> Answer:
    """Answer with the values of one user property, named by ``full_name`` in the query."""
    dataset = asked_dataset(world, call)
    body = as_fields(call.body, ("limit", "filter"))
    filters = as_fields(body.get("filter"), ("comment_filter", "attribute_filters"))
    limit = as_limit(body.get("limit"), default=_MOST_VALUES, maximum=10_000)
    indices = select(dataset, filters.get("comment_filter"), filters.get("attribute_filters"))
    tally, name = _tally(dataset[index] for index in indices), call.param("full_name")
    if name is None or name not in tally:
        raise RefusedError(400, f"{name!r} is not one of {sorted(tally)!r}")
    return ok(user_property=_counted(name, tally[name], limit))
