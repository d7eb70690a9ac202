"""The attribute filters: labels, entities and attachments of the comments of a dataset.

Source: Re:infer API guide, attribute filters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import (
    as_array,
    as_fields,
    as_number,
    as_object,
    as_option,
    as_text,
    as_texts,
)
from reinfer_pandas.sandbox.filters import Row, Test

PREDICTED_FROM = 0.5  # probability from which an unreviewed comment has a label

Strings = Callable[[Row], set[str]]
Numbers = Callable[[Row], list[float]]


def read_attributes(value: object) -> tuple[Test, ...]:
    """Read a list of attribute filters, or refuse it.

    Parameters
    ----------
    value : object
        The parsed JSON; None is no filter.
    """
    return tuple(_read(item) for item in as_array(value))


def _read(value: object) -> Test:
    found = as_fields(value, ("attribute", "filter"))
    attribute = as_option(found.get("attribute"), (*_STRINGS, *_NUMBERS))
    condition = as_object(found.get("filter"))
    kind = as_option(condition.get("kind"), _KINDS)
    keys, reader = _KINDS[kind]
    return reader(attribute, as_fields(condition, ("kind", *keys)))


# what an attribute's values are


def assigned(row: Row) -> set[str]:
    """Return the labels that people gave a comment, parents included."""
    names = row.annotator.labels.assigned_names(row.rank) if row.annotator else ()
    return {" > ".join(parts[:depth]) for parts in map(_parts, names) for depth in _depths(parts)}


def predicted(row: Row) -> set[str]:
    """Return the labels that the model is rather sure of."""
    scores = row.annotator.labels.latest_scores(row.rank) if row.annotator else {}
    return {name for name, probability in scores.items() if probability >= PREDICTED_FROM}


def _labels(row: Row) -> set[str]:
    is_reviewed = row.annotator is not None and row.annotator.labels.is_reviewed(row.rank)
    return assigned(row) if is_reviewed else predicted(row)


def _parts(name: str) -> list[str]:
    return name.split(" > ")


def _depths(parts: list[str]) -> range:
    return range(1, len(parts) + 1)


def _entities(row: Row) -> set[str]:
    found = row.annotator.entities.found(row.rank) if row.annotator else ()
    return {entity["name"] for entity in found}


def _attachments(row: Row) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = row.source.write(row.rank).comment["attachments"]
    return found


def _with_contents(row: Row) -> list[dict[str, Any]]:
    return [each for each in _attachments(row) if "attachment_reference" in each]


_STRINGS: Mapping[str, Strings] = {
    "labels": _labels,
    "entities": _entities,
    "attachment_property_types": lambda row: {each["content_type"] for each in _attachments(row)},
    "attachment_property_names": lambda row: {each["name"] for each in _attachments(row)},
    "attachment_property_extensions": lambda row: {
        PurePosixPath(each["name"]).suffix.removeprefix(".") for each in _attachments(row)
    },
}
_NUMBERS: Mapping[str, Numbers] = {
    "attachment_property_num_attachments": lambda row: [len(_attachments(row))],
    "attachment_property_num_attachments_with_contents": lambda row: [len(_with_contents(row))],
    "attachment_property_num_attachments_without_contents": lambda row: [
        len(_attachments(row)) - len(_with_contents(row))
    ],
    "attachment_property_size": lambda row: [each["size"] for each in _attachments(row)],
    "attachment_property_total_size": lambda row: [sum(each["size"] for each in _attachments(row))],
}


# one reader per kind of filter


def _strings_of(attribute: str) -> Strings:
    if attribute not in _STRINGS:
        raise RefusedError(400, f"{attribute!r} takes a filter of kind 'number_range'")
    return _STRINGS[attribute]


def _any_of(attribute: str, found: Mapping[str, Any]) -> Test:
    values, wanted = _strings_of(attribute), set(as_texts(found.get("any_of")))
    return lambda row: not wanted.isdisjoint(values(row))


def _none_of(attribute: str, found: Mapping[str, Any]) -> Test:
    values, unwanted = _strings_of(attribute), set(as_texts(found.get("none_of")))
    return lambda row: unwanted.isdisjoint(values(row))


def _search(attribute: str, found: Mapping[str, Any]) -> Test:
    values, query = _strings_of(attribute), as_text(found.get("query")).lower()
    return lambda row: any(query in value.lower() for value in values(row))


def _range(attribute: str, found: Mapping[str, Any]) -> Test:
    if attribute not in _NUMBERS:
        raise RefusedError(400, f"{attribute!r} takes no filter of kind 'number_range'")
    values = _NUMBERS[attribute]
    minimum, maximum = (
        limit if found.get(end) is None else as_number(found[end])
        for end, limit in (("minimum", float("-inf")), ("maximum", float("inf")))
    )
    return lambda row: any(minimum <= value <= maximum for value in values(row))


def _present(attribute: str, found: Mapping[str, Any]) -> Test:
    """Read the filter that tells assigned labels from predicted ones."""
    if attribute != "labels":
        raise RefusedError(
            400, f"{attribute!r} takes no filter of kind 'assigned_predicted_present'"
        )
    by_people, by_model, unwanted = (
        {as_text(name) for name in as_array(found.get(key))}
        for key in ("any_assigned", "any_predicted", "none_present")
    )

    def test(row: Row) -> bool:
        people, model = assigned(row), predicted(row)
        is_wanted = bool(by_people & people or by_model & model) or not (by_people or by_model)
        return is_wanted and unwanted.isdisjoint(people | model)

    return test


_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[str, Mapping[str, Any]], Test]]] = {
    "string_any_of": (("any_of",), _any_of),
    "string_none_of": (("none_of",), _none_of),
    "string_search": (("query",), _search),
    "number_range": (("minimum", "maximum"), _range),
    "assigned_predicted_present": (("any_assigned", "any_predicted", "none_present"), _present),
}
