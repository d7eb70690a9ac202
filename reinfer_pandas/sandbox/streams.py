"""The routes of streams: a queue of a dataset's comments whose cursor the server keeps.

Reading does not move the cursor; advancing does. Comments come in the order in which the platform
took them in.

Source: Re:infer API guide, streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.checks import as_bounded, as_fields, as_instant_us, as_limit, required
from reinfer_pandas.sandbox.definitions import entity_kinds, form_fields, title
from reinfer_pandas.sandbox.queues import Stream, look, place_of_sequence, sequence_id, streams_of
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reinfer_pandas.sandbox.data import Place
    from reinfer_pandas.sandbox.world import World

MAX_BATCH = 1024
DEFAULT_BATCH = 64
_SPAN_KEYS = ("content_part", "message_index", "utf16_byte_start", "utf16_byte_end")


def _asked_stream(world: World, call: Call) -> Stream:
    found = streams_of(asked_dataset(world, call)).get(call.names["stream"])
    if found is None:
        raise RefusedError(404)
    return found


def _is_old_name(call: Call) -> bool:
    return call.names["kind"] == "triggers"


def list_streams(world: World, call: Call) -> Answer:
    """Answer with a dataset's streams."""
    found = [dict(stream.record) for stream in streams_of(asked_dataset(world, call)).values()]
    return ok(triggers=found) if _is_old_name(call) else ok(streams=found)


def get_stream(world: World, call: Call) -> Answer:
    """Answer with one stream."""
    found = dict(_asked_stream(world, call).record)
    return ok(trigger=found) if _is_old_name(call) else ok(stream=found)


# reading and moving


def fetch(world: World, call: Call) -> Answer:
    """Answer with the next comments of a stream; its cursor stays where it is."""
    stream = _asked_stream(world, call)
    body = as_fields(call.body, ("size", "max_filtered"))
    size = as_bounded(required(body, "size"), maximum=MAX_BATCH)
    max_filtered = as_limit(body.get("max_filtered"), default=MAX_BATCH, maximum=MAX_BATCH)
    batch = look(world, stream, size=size, max_filtered=max_filtered)
    return ok(
        filtered=batch.filtered,
        is_end_sequence=batch.end == len(stream.dataset),
        sequence_id=sequence_id(stream, batch.end),
        results=[_fetched(stream, place, end) for place, end in batch.found],
    )


def _fetched(stream: Stream, place: Place, end: int) -> dict[str, Any]:
    annotator, rank = place
    found: dict[str, Any] = {
        "comment": annotator.source.write(rank).comment,
        "sequence_id": sequence_id(stream, end),
    }
    if "model" not in stream.record or not annotator.labels.is_predicted(rank):
        return found
    labels = [
        annotator.labels.as_predicted(rank, name, probability) | {"name": name.split(" > ")}
        for name, probability in _predictions(stream, place)
    ]
    properties = [
        {"property_id": each["id"], "property_name": each["name"], "value": each["value"]}
        for each in annotator.label_properties(rank)
    ]
    entities = annotator.entities.found(rank)
    return found | {"labels": labels, "entities": entities, "label_properties": properties}


def _predictions(stream: Stream, place: Place) -> Iterator[tuple[str, float]]:
    """Yield the labels that reach the stream's thresholds; without any, those above 0.25."""
    annotator, rank = place
    model = stream.record["model"]
    thresholds = {
        " > ".join(each["name"]): each.get("threshold", 0.25)
        for each in model.get("label_thresholds", ())
    }
    scores = annotator.labels.scores(rank, model["version"])
    for name, probability in sorted(scores.items()):
        if probability >= thresholds.get(name, 1.0 if thresholds else 0.25):
            yield name, probability


def advance(world: World, call: Call) -> Answer:
    """Move a stream's cursor to after what has been dealt with."""
    stream = _asked_stream(world, call)
    body = as_fields(call.body, ("sequence_id",))
    place = place_of_sequence(stream, required(body, "sequence_id"))
    world.cursors.set(stream.record["id"], place)
    return ok(sequence_id=sequence_id(stream, place))


def reset(world: World, call: Call) -> Answer:
    """Move a stream's cursor to the first comment taken in at a time or after it."""
    stream = _asked_stream(world, call)
    body = as_fields(call.body, ("to_comment_created_at",))
    since_us = as_instant_us(required(body, "to_comment_created_at"))
    order = stream.dataset.in_order_of_creation()
    place = sum(_created_us(stream.dataset[index]) < since_us for index in order)
    world.cursors.set(stream.record["id"], place)
    key = "trigger" if _is_old_name(call) else "stream"
    return ok(sequence_id=sequence_id(stream, place), **{key: dict(stream.record)})


def _created_us(place: Place) -> int:
    return place.annotator.source.created_us(place.rank)


# results: the newer way to read


def list_results(world: World, call: Call) -> Answer:
    """Answer with the next comments of a stream and their extractions; its cursor stays."""
    stream = _asked_stream(world, call)
    size = as_limit(call.number("max_results"), default=DEFAULT_BATCH, maximum=MAX_BATCH)
    max_filtered = as_limit(call.number("max_filtered"), default=MAX_BATCH, maximum=MAX_BATCH)
    batch = look(world, stream, size=size, max_filtered=max_filtered)
    return ok(
        num_filtered=batch.filtered,
        more_results=batch.end < len(stream.dataset),
        continuation=sequence_id(stream, batch.end),
        results=[
            {
                "comment": place.annotator.source.write(place.rank).comment,
                "continuation": sequence_id(stream, end),
                "prediction": _prediction(stream, place),
            }
            for place, end in batch.found
        ],
    )


def _prediction(stream: Stream, place: Place) -> dict[str, Any] | None:
    """Return what the stream's model makes of a comment; None where there is none."""
    annotator, rank = place
    if "model" not in stream.record or not annotator.labels.is_predicted(rank):
        return None
    has_thresholds = "label_thresholds" in stream.record["model"]
    labels = [
        _extraction(place, name, probability, has_thresholds=has_thresholds)
        for name, probability in _predictions(stream, place)
    ]
    found = annotator.entities.found(rank)
    fields = [
        _general_field(kind, entity)
        for kind in entity_kinds(annotator.plan)
        for entity in _of_kind(kind, found)
    ]
    taxonomy = {"name": "default", "labels": labels, "general_fields": fields}
    scores = [
        {"name": each["name"], "value": each["value"]}
        for each in annotator.label_properties(rank)
        if each["value"]  # exact zeros are left out
    ]
    return {"taxonomies": [taxonomy], "scores": scores}


def _extraction(
    place: Place, name: str, probability: float, *, has_thresholds: bool
) -> dict[str, Any]:
    annotator, rank = place
    cleared = [
        threshold
        for threshold, least in (("high_recall", 0.2), ("balanced", 0.55), ("high_precision", 0.82))
        if probability >= least
    ]
    sure = round(probability * 0.95, 6)
    return {
        "name": name,
        "occurrence_confidence": {
            "value": probability,
            "thresholds": cleared + (["stream"] if has_thresholds else []),
        },
        "extraction_confidence": {"value": sure, "thresholds": cleared[:1]},
        "fields": [
            _field(title(kind), entity)
            for kind in form_fields(name)
            for entity in _of_kind(kind, annotator.entities.form_values(rank, name))
        ],
    }


def _of_kind(kind: str, found: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any] | None]:
    """Return the entities of a kind; where there are none, one that is None."""
    return [entity for entity in found if entity["kind"] == kind] or [None]


def _field(name: str, entity: Mapping[str, Any] | None) -> dict[str, Any]:
    if entity is None:  # not detected
        return {"name": name, "value": None, "text_spans": []}
    return {
        "name": name,
        "value": {"formatted": entity["formatted_value"]},
        "text_spans": [{key: span[key] for key in _SPAN_KEYS} for span in entity["spans"]],
    }


def _general_field(kind: str, entity: Mapping[str, Any] | None) -> dict[str, Any]:
    sure = entity["probability"] if entity else 0.0
    return _field(kind, entity) | {"confidence": 1.0 if sure is None else sure}
