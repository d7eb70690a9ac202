"""The orders in which a dataset's comments can be asked for: each a key to sort them by.

Source: Re:infer API guide, dataset query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import as_bounded, as_option, as_text
from reinfer_pandas.sandbox.data import Dataset
from reinfer_pandas.sandbox.definitions import label_names
from reinfer_pandas.sandbox.dice import even

Key = Callable[[Dataset, Mapping[str, Any]], Callable[[int], Any]]


def recent(_dataset: Dataset, _order: Mapping[str, Any]) -> Callable[[int], Any]:
    """Return the key of the newest first."""
    return lambda index: -index


def _sample(_dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    seed = as_bounded(order.get("seed"), minimum=0, maximum=2**31 - 1)
    return lambda index: even(seed, index)


def _by_label(dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    name = order.get("label")
    if name is not None:
        _check_label(dataset, name)

    def key(index: int) -> tuple[float, int]:
        annotator, rank = dataset[index]
        version = annotator.plan.model_version or 0
        if name is not None:
            return -annotator.labels.probability(rank, name, version), -index
        return -max(annotator.labels.scores(rank, version).values(), default=0.0), -index

    return key


def _unsure(dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    by_label = _by_label(dataset, order)
    return lambda index: (abs(by_label(index)[0] + 0.5), -index)


def _sure_last(dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    by_label = _by_label(dataset, order)
    return lambda index: (-by_label(index)[0], -index)


def _label_property(dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    as_option(order.get("label_property_id"), ("0000000000000001", "0000000000000002"))
    direction = as_option(order.get("direction") or "descending", ("ascending", "descending"))
    sign = 1 if direction == "ascending" else -1

    def key(index: int) -> tuple[float, int]:
        annotator, rank = dataset[index]
        return sign * annotator.labels.tone(rank), -index

    return key


def _text_search(dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    words = as_text(order.get("query")).lower().split()

    def key(index: int) -> tuple[int, int]:
        annotator, rank = dataset[index]
        text = annotator.source.encode(rank).lower()
        return -sum(word in text for word in words), -index

    return key


def _attachment_search(dataset: Dataset, order: Mapping[str, Any]) -> Callable[[int], Any]:
    query = as_text(order.get("query")).lower()

    def key(index: int) -> tuple[bool, int]:
        annotator, rank = dataset[index]
        names = [each["name"] for each in annotator.source.write(rank).comment["attachments"]]
        return not any(query in name.lower() for name in names), -index

    return key


ORDERS: Mapping[str, tuple[tuple[str, ...], Key]] = {
    "recent": ((), recent),
    "sample": (("seed",), _sample),
    "by_label": (("label", "sentiment"), _by_label),
    "any_label_asc": ((), _sure_last),
    "learning": (("label",), _unsure),
    "label_property": (("label_property_id", "direction"), _label_property),
    "text_search": (("query",), _text_search),
    "attachment_text_search": (("query",), _attachment_search),
    "check": (("entity_def_id",), recent),
    "missed": (("entity_def_id",), recent),
    "diagnostic": (("diagnostic_kind", "entity_def_id"), recent),
}


def _check_label(dataset: Dataset, name: object) -> None:
    if name not in label_names(dataset.plan):
        raise RefusedError(400, f"Invalid request - no such label: {name}")
