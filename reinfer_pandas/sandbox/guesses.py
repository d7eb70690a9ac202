"""A small model for new texts: labels by the words they share, entities by pattern."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.definitions import entity_id, entity_kinds, label_names
from reinfer_pandas.sandbox.text import Draft, Value, as_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reinfer_pandas.sandbox.plans import DatasetPlan

_WORD = re.compile(r"\w{3,}")
_HOLE = re.compile(r"\{\w+\}")
_PATTERNS = {
    "claim-number": re.compile(r"CLM-\d{7}"),
    "policy-number": re.compile(r"POL-\d{5}-B"),
    "order-number": re.compile(r"GX-\d{7}"),
    "tracking-number": re.compile(r"JD\d{12}"),
    "monetary-quantity": re.compile(r"[£$€¥]\d[\d,]*(?:\.\d\d)?"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "phone-number": re.compile(r"\+\d[\d ]{8,14}\d"),
}


@lru_cache(maxsize=8)
def _vocabulary(plan: DatasetPlan) -> Mapping[str, frozenset[str]]:
    """Return the words of each topic's sentences."""
    return {
        topic.label: frozenset(
            word
            for sentences in (topic.lines, topic.subjects)
            for options in sentences.values()
            for sentence in options
            for word in _words(_HOLE.sub(" ", sentence))
        )
        for topic in plan.labels_of
    }


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def guess_labels(plan: DatasetPlan, text: str) -> dict[str, float]:
    """Return the probability of each of a dataset's labels for a text."""
    words = set(_words(text))
    found = dict.fromkeys(label_names(plan), 0.01)
    for label, known in _vocabulary(plan).items():
        share = len(words & known) / (len(words) or 1)
        probability = round(min(0.99, 0.01 + 1.4 * share), 4)
        parts = label.split(" > ")
        for depth in range(1, len(parts) + 1):
            name = " > ".join(parts[:depth])
            found[name] = max(found[name], probability)
    return found


def guess_entities(plan: DatasetPlan, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entities in the texts of messages."""
    kinds = [kind for kind in _PATTERNS if kind in entity_kinds(plan)]
    return [
        found
        for number, message in enumerate(messages)
        for part in ("body", "subject", "signature")
        if part in message
        for kind in kinds
        for found in _matches(kind, message[part]["text"], part=part, number=number)
    ]


def _matches(kind: str, text: str, *, part: str, number: int) -> Iterator[dict[str, Any]]:
    for match in _PATTERNS[kind].finditer(text):
        draft = Draft()
        draft.add(text[: match.start()])
        draft.mark(Value(kind, match.group(), match.group()))
        span = as_span(draft.marks[0], part=part, message=number)
        yield {
            "id": entity_id(kind),
            "name": kind,
            "kind": kind,
            "span": span,
            "spans": [span],
            "formatted_value": match.group(),
            "probability": 0.95,
            "capture_ids": [0],
        }
