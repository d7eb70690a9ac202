"""The entities of a source's comments in a dataset, and the forms that they fill in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.definitions import (
    entity_id,
    entity_kinds,
    field_id,
    form_fields,
    title,
)
from reinfer_pandas.sandbox.dice import even, scatter
from reinfer_pandas.sandbox.text import as_span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.sandbox.labels import Labels

_MODEL_ONLY = frozenset({"probability", "capture_ids"})


class Entities:
    """The entities and forms of one source's comments in one dataset.

    Parameters
    ----------
    labels : Labels
        The labels of the same comments.
    """

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._plan = labels.plan
        self._source = labels.source
        base = scatter(labels.source.seed, *labels.plan.id.encode(), labels.source.number)
        self._keys = {kind: scatter(base, *kind.encode()) for kind in entity_kinds(labels.plan)}
        self._unseen = scatter(base, 1)
        self.found = lru_cache(maxsize=512)(self._found)

    def _found(self, rank: int) -> list[dict[str, Any]]:
        """Return the entities that the model sees: one per value, with every place it stands."""
        if not self._labels.is_predicted(rank):
            return []
        spans: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for place in self._source.write(rank).places:
            if place.mark.kind in self._keys:
                span = as_span(place.mark, part=place.part, message=place.message)
                spans.setdefault((place.mark.kind, place.mark.formatted), []).append(span)
        found = [
            self._entity(rank, kind, formatted, where)
            for (kind, formatted), where in spans.items()
            if even(self._keys[kind], rank) < 0.95
        ]
        if even(self._unseen, rank) < 0.02:  # inferred: it stands nowhere in the text
            found.append(self._entity(rank, "date", "2026-01-01", []))
        return found

    def _entity(
        self, rank: int, kind: str, formatted: str, where: list[dict[str, Any]]
    ) -> dict[str, Any]:
        entity: dict[str, Any] = {
            "id": entity_id(kind),
            "name": kind,
            "kind": kind,
            "spans": where,
            "formatted_value": formatted,
            "probability": self._certainty(rank, kind),
            "capture_ids": [0],
        }
        return entity | {"span": where[0]} if len(where) == 1 else entity

    def _certainty(self, rank: int, kind: str) -> float | None:
        """Return how sure the model is; None for what a pattern finds."""
        if kind == "phone-number":
            return None
        return round(0.99 - 0.2 * even(self._keys[kind], -rank - 1), 4)

    def as_entities(self, rank: int) -> dict[str, list[dict[str, Any]]]:
        """Return a comment's entities as the query route gives them."""
        found = self.found(rank)
        is_reviewed = self._labels.is_reviewed(rank)
        known = [self._known(entity) for entity in found] if is_reviewed else []
        refused = rank % 2  # every second reviewer refuses the first entity
        return {"assigned": known[refused:], "dismissed": known[:refused], "predicted": found}

    def _known(self, entity: Mapping[str, Any]) -> dict[str, Any]:
        """Return an entity as people leave it."""
        kept = {key: value for key, value in entity.items() if key not in _MODEL_ONLY}
        return kept | {"field_id": field_id(self._plan, entity["kind"])}

    # forms

    def moon_forms(self, rank: int) -> list[dict[str, Any]]:
        """Return the forms of a comment's labels, filled in from its entities."""
        assigned = [
            {
                "label": {"name": label["name"], "sentiment": label["sentiment"]},
                "captures": [{"fields": fields}],
            }
            for label in self._labels.assigned(rank)
            if (fields := self._fields(rank, label["name"], is_predicted=False))
        ]
        predicted = [
            {"label": label, "captures": [{"fields": fields, "probability": label["probability"]}]}
            for label in self._labels.predicted(rank)
            if (fields := self._fields(rank, _joined(label["name"]), is_predicted=True))
        ]
        if not assigned and not predicted:
            return []
        form = {"group": "default", "assigned": assigned, "dismissed": [], "model_errors": []}
        return [form | {"predicted": predicted} if predicted else form]

    def form_values(self, rank: int, label: str) -> list[dict[str, Any]]:
        """Return the entities that fill in a label's form."""
        wanted = form_fields(label)
        found = self.found(rank) if wanted else []
        return [each for each in found if each["kind"] in wanted and each["spans"]]

    def _fields(self, rank: int, label: str, *, is_predicted: bool) -> list[dict[str, Any]]:
        return [
            self._field(label, entity, is_predicted=is_predicted)
            for entity in self.form_values(rank, label)
        ]

    def _field(
        self, label: str, entity: Mapping[str, Any], *, is_predicted: bool
    ) -> dict[str, Any]:
        field: dict[str, Any] = {
            "id": entity["id"],
            "field_type_id": entity["id"],
            "name": title(entity["kind"]),
            "kind": entity["kind"],
            "formatted_value": entity["formatted_value"],
            "field_id": field_id(self._plan, entity["kind"], label),
            "document_spans": [],
        }
        if is_predicted:
            return field | {"span": entity["spans"][0], "probability": entity["probability"]}
        return field | {"spans": entity["spans"]}


def _joined(name: str | list[str]) -> str:
    return name if isinstance(name, str) else " > ".join(name)
