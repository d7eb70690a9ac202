"""The routes of sources and datasets, and of a source's comments.

Source: Re:infer API guide, sources, datasets, comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok, page, place_of, token
from reinfer_pandas.sandbox.checks import as_fields, as_instant_us, as_limit, as_option
from reinfer_pandas.sandbox.clock import DAY_US, START_US, timestamp
from reinfer_pandas.sandbox.definitions import entity_defs, general_fields, label_defs, label_group
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.filters import Row, read_filter
from reinfer_pandas.sandbox.plans import BUCKETS

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.data import Dataset
    from reinfer_pandas.sandbox.plans import DatasetPlan, SourcePlan
    from reinfer_pandas.sandbox.source import Source
    from reinfer_pandas.sandbox.world import World

DEFAULT_PAGE = 64
MAX_SOURCE_PAGE = 256


def source_record(plan: SourcePlan) -> dict[str, Any]:
    """Return a source as on the wire."""
    made = timestamp(START_US - 30 * DAY_US + 340_295, 7)
    found = {
        "id": plan.id,
        "_kind": plan.kind,
        "owner": plan.project,
        "name": plan.name,
        "language": plan.language,
        "title": plan.title,
        "description": "",
        "should_translate": plan.should_translate,
        "sensitive_properties": [],
        "created_at": made,
        "updated_at": made,
        "last_modified": made,
    }
    for bucket in BUCKETS:
        if bucket.source == plan.full_name:
            transform = {"email_transform_tag": "generic.0.CONVKER5", "email_transform_version": 1}
            return {**found, "bucket_id": bucket.id, **transform}
    return found


def dataset_record(plan: DatasetPlan) -> dict[str, Any]:
    """Return a dataset as on the wire."""
    made = timestamp(START_US - 20 * DAY_US + 603_000)
    return {
        "id": plan.id,
        "owner": plan.project,
        "name": plan.name,
        "title": plan.title,
        "description": plan.description,
        "created": made,
        "last_modified": made,
        "model_family": "english" if plan.project == "acme" else "transformer-xlm",
        "source_ids": [ident("source", name) for name in plan.sources],
        "has_sentiment": plan.has_sentiment,
        "limited_access": False,
        "entity_defs": entity_defs(plan),
        "general_fields": general_fields(plan),
        "label_groups": [label_group(plan)],
        "label_defs": label_defs(plan),
        "_label_properties": ["0000000000000001", "0000000000000002"] if plan.flags else [],
        "_timezone": "Europe/London" if plan.project == "acme" else "Europe/Berlin",
        "_preferred_locales": {"default": "en-GB", "preferences": []},
        "_dataset_flags": list(plan.flags),
        "_model_config": {"kind": "cm"},
    }


def list_sources(world: World, call: Call) -> Answer:
    """Answer with all sources, or those of a project."""
    owner = call.names.get("owner")
    if owner:
        world.project(owner)
    found = [source.plan for source in world.tenant.sources.values()]
    return ok(sources=[source_record(plan) for plan in found if owner in {None, plan.project}])


def list_datasets(world: World, call: Call) -> Answer:
    """Answer with all datasets, or those of a project."""
    owner = call.names.get("owner")
    if owner:
        world.project(owner)
    found = [dataset.plan for dataset in world.tenant.datasets.values()]
    return ok(datasets=[dataset_record(plan) for plan in found if owner in {None, plan.project}])


def asked_source(world: World, call: Call) -> Source:
    """Return the source that a path names or whose id it holds."""
    if "id" not in call.names:
        return world.source(call.names["owner"], call.names["name"])
    for source in world.tenant.sources.values():
        if source.plan.id == call.names["id"]:
            return source
    raise RefusedError(404)


def asked_dataset(world: World, call: Call) -> Dataset:
    """Return the dataset that a path names or whose id it holds."""
    if "id" not in call.names:
        return world.dataset(call.names["owner"], call.names["name"])
    for dataset in world.tenant.datasets.values():
        if dataset.plan.id == call.names["id"]:
            return dataset
    raise RefusedError(404)


def get_source(world: World, call: Call) -> Answer:
    """Answer with one source."""
    return ok(source=source_record(asked_source(world, call).plan))


def get_dataset(world: World, call: Call) -> Answer:
    """Answer with one dataset."""
    return ok(dataset=dataset_record(asked_dataset(world, call).plan))


def list_comments(world: World, call: Call) -> Answer:
    """Answer with a page of a source's comments, by ascending time."""
    source = asked_source(world, call)
    limit = as_limit(call.number("limit"), default=DEFAULT_PAGE, maximum=MAX_SOURCE_PAGE)
    with_markup = call.flag("include_markup")
    ends = (call.param("from_timestamp"), call.param("to_timestamp"))
    ranks = source.between(*(None if end is None else as_instant_us(end) for end in ends))
    is_backward = as_option(call.param("direction") or "ascending", _DIRECTIONS) == "descending"
    scope = (source.plan.id, str(is_backward))
    if (after := call.param("after")) is not None:
        ranks = _from(place_of(after, *scope), ranks, is_backward=is_backward)
    ordered = ranks[::-1] if is_backward else ranks
    shown = ordered[:limit]
    properties = call.flag("include_thread_properties")
    return page(
        "comments",
        [source.encode(rank, with_markup) for rank in shown],
        thread_properties=[source.thread_properties(rank) for rank in shown]
        if properties
        else None,
        continuation=token(ordered[limit], *scope) if len(ordered) > limit else None,
    )


_OF_DATASETS = frozenset({"annotations", "entities", "trigger_exceptions"})
_DIRECTIONS = ("ascending", "descending")


def _from(place: int, ranks: range, *, is_backward: bool) -> range:
    """Return those of the ranks that come at a place or after it."""
    if is_backward:
        return range(ranks.start, min(ranks.stop, place + 1))
    return range(max(ranks.start, place), ranks.stop)


def get_comment(world: World, call: Call) -> Answer:
    """Answer with one comment."""
    source = asked_source(world, call)
    rank = source.rank_of(call.names["comment"])
    if rank is None:
        raise RefusedError(404)
    text = source.encode(rank, call.flag("include_markup"))
    return Answer(f'{{"status": "ok", "comment": {text}}}'.encode())


def source_statistics(world: World, call: Call) -> Answer:
    """Answer with the number of a source's comments that a filter takes."""
    source = asked_source(world, call)
    found = as_fields(call.body, ("comment_filter",)).get("comment_filter")
    selection = read_filter(found)
    if not _OF_DATASETS.isdisjoint(found or ()):
        raise RefusedError(400, "source statistics take no filter on annotations")
    ranks = source.between(selection.minimum_us, selection.maximum_us)
    if not selection.tests:
        return ok(statistics={"num_comments": len(ranks)})
    count = sum(selection.takes(Row(source, rank)) for rank in ranks)
    return ok(statistics={"num_comments": count})


def list_threads(world: World, call: Call) -> Answer:
    """Answer with a source's threads, and the ids of the comments in each."""
    source = asked_source(world, call)
    return ok(
        threads=[
            {
                "thread_id": source.name_thread(thread),
                "comments": [source.id_of(rank) for rank in thread.ranks],
            }
            for thread in source.threads
            if not thread.lone
        ]
    )
