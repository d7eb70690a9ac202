"""The routes of bulk reading: reviewed comments, and the public export.

Source: Re:infer API guide, labellings and export.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, page, place_of, token
from reinfer_pandas.sandbox.checks import (
    as_array,
    as_fields,
    as_instant_us,
    as_limit,
    as_option,
    as_text,
)
from reinfer_pandas.sandbox.definitions import entity_defs
from reinfer_pandas.sandbox.reads import asked_dataset
from reinfer_pandas.sandbox.text import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reinfer_pandas.sandbox.annotations import Annotator
    from reinfer_pandas.sandbox.data import Dataset, Place
    from reinfer_pandas.sandbox.world import World

DEFAULT_PAGE = 64
MAX_PAGE = 512
_EXPORT = ("comment_uids", "source_ids", "from", "to", "order_by", "limit", "continuation")


def list_labellings(world: World, call: Call) -> Answer:
    """Answer with comments by uid, or with a page of a source's reviewed comments."""
    dataset = asked_dataset(world, call)
    call.flag("compute_moon_predictions")
    uids = [*call.params.get("id", []), *(call.param("ids") or "").split(",")]
    if wanted := [uid for uid in uids if uid]:
        found = _by_uid(dataset, wanted, allow_missing=call.flag("allow_missing"))
        texts = [place.annotator.encode(place.rank) for place in found]
        return page("results", texts, entity_defs=entity_defs(dataset.plan))
    return _reviewed_page(dataset, call)


def _by_uid(dataset: Dataset, uids: Sequence[str], *, allow_missing: bool) -> list[Place]:
    found = [dataset.find(uid) for uid in uids]
    if None in found and not allow_missing:
        raise RefusedError(404)
    return [place for place in found if place is not None]


def _reviewed_page(dataset: Dataset, call: Call) -> Answer:
    """Answer with a page of the reviewed comments of one source.

    A page with comments always says where to go on; the end is an empty page.
    """
    source_id = call.needed("source_id")
    annotators = [each for each in dataset.annotators if each.source.plan.id == source_id]
    if not annotators:
        raise RefusedError(404)
    limit = as_limit(call.number("limit"), default=DEFAULT_PAGE, maximum=MAX_PAGE)
    scope = (dataset.plan.id, source_id)
    after = call.param("after")
    start = 0 if after is None else place_of(after, *scope)
    annotator = annotators[0]
    ranks = filter(annotator.labels.is_reviewed, range(start, len(annotator.source)))
    shown = list(islice(ranks, limit))
    with_predictions = call.flag("return_predictions")
    return page(
        "results",
        [
            annotator.encode(rank) if with_predictions else as_json(_without(annotator, rank))
            for rank in shown
        ],
        entity_defs=entity_defs(dataset.plan),
        after=token(shown[-1] + 1, *scope) if shown else None,
    )


def _without(annotator: Annotator, rank: int) -> dict[str, Any]:
    """Return an annotated comment without what models make of it."""
    added = annotator.annotate(rank)
    found = {"comment": annotator.source.write(rank).comment, **added}
    found["labelling"] = [_kept(group) for group in added["labelling"]]
    found["entities"] = _kept(added["entities"])
    if "moon_forms" in added:
        found["moon_forms"] = [_kept(form) for form in added["moon_forms"]]
    return found


def _kept(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "predicted"}


def export(world: World, call: Call) -> Answer:
    """Answer with a page of a dataset's comments, by time: the public bulk read."""
    dataset = asked_dataset(world, call)
    body = as_fields(call.body, _EXPORT)
    ordered = _exported(dataset, body)
    limit = as_limit(body.get("limit"), default=DEFAULT_PAGE, maximum=MAX_PAGE)
    kept = {name: body[name] for name in _EXPORT if name in body and name != "continuation"}
    scope = (dataset.plan.id, as_json({**kept, "limit": None}))
    cursor = body.get("continuation")
    start = 0 if cursor is None else place_of(as_text(cursor), *scope)
    shown = ordered[start : start + limit]
    end = start + len(shown)
    return page(
        "comments",
        [_export_record(dataset[index]) for index in shown],
        continuation=token(end, *scope) if end < len(ordered) else None,
    )


def _exported(dataset: Dataset, body: Mapping[str, Any]) -> Sequence[int]:
    """Return the indices that an export is of, in its order."""
    ends = [None if body.get(end) is None else as_instant_us(body[end]) for end in ("from", "to")]
    taken = dataset.between(*ends)
    is_by_creation = as_option(body.get("order_by") or "timestamp", _ORDERS) == "created_at"
    ordered = dataset.in_order_of_creation() if is_by_creation else taken
    uids, sources = (_wanted(body.get(key)) for key in ("comment_uids", "source_ids"))

    def is_wanted(index: int) -> bool:
        annotator, rank = dataset[index]
        is_source = sources is None or annotator.source.plan.id in sources
        return (
            index in taken and is_source and (uids is None or annotator.source.uid_of(rank) in uids)
        )

    is_all = uids is None and sources is None and not is_by_creation
    return ordered if is_all else [index for index in ordered if is_wanted(index)]


_ORDERS = ("timestamp", "created_at")


def _wanted(value: object) -> set[str] | None:
    return None if value is None else {as_text(item) for item in as_array(value)}


def _export_record(place: Place) -> str:
    """Return a comment, what people said of it and what the model did, as JSON text."""
    annotator, rank = place
    labels = annotator.labels
    assigned = [
        {"name": label["name"], "sentiment": label["sentiment"]} for label in labels.assigned(rank)
    ]
    predicted = [
        labels.as_predicted(rank, name, probability)
        for name, probability in sorted(labels.latest_scores(rank).items())
    ]
    added: dict[str, Any] = {
        "annotations": {"labels": {"assigned": assigned}},
        "predictions": {"labels": predicted},
    }
    if annotator.plan.has_sentiment:
        added["predictions"]["sentiment"] = {"total": labels.tone(rank)}
    if properties := annotator.source.thread_properties(rank):
        added["thread_properties"] = properties
    return f'{{"comment": {annotator.source.encode(rank)}, {as_json(added)[1:]}'
