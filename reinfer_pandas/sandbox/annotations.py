"""What a dataset adds to a comment: labels, entities, forms, tone, its thread's properties."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.entities import Entities
from reinfer_pandas.sandbox.labels import Labels
from reinfer_pandas.sandbox.text import as_json

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.plans import DatasetPlan
    from reinfer_pandas.sandbox.source import Source

TONE_ID, QUALITY_ID = "0000000000000001", "0000000000000002"
_KEPT = 20_000


class Annotator:
    """What one dataset knows of one source's comments.

    Parameters
    ----------
    plan : DatasetPlan
        The dataset.
    source : Source
        One of its sources.
    number : int
        Among the tenant's datasets.
    """

    def __init__(self, plan: DatasetPlan, source: Source, *, number: int) -> None:
        self.plan = plan
        self.source = source
        self.labels = Labels(plan, source, number=number)
        self.entities = Entities(self.labels)
        self.encode = lru_cache(maxsize=_KEPT)(self._encode)

    def annotate(self, rank: int) -> dict[str, Any]:
        """Return what the dataset adds to a comment, under the keys of the query route.

        Source: Re:infer API guide, annotated comments.
        """
        found: dict[str, Any] = {"labelling": [self.labels.labelling(rank)]}
        if properties := self.source.thread_properties(rank):
            found["thread_properties"] = properties
        if not self.labels.is_predicted(rank):
            return found
        found["entities"] = self.entities.as_entities(rank)
        found["label_properties"] = self.label_properties(rank)
        if forms := self.entities.moon_forms(rank):
            found["moon_forms"] = forms
        return found | {"model_version": self.plan.model_version}

    def label_properties(self, rank: int) -> list[dict[str, Any]]:
        """Return a comment's tone and, where the dataset measures it, its quality of service."""
        tone, breakdown = self.labels.tone(rank), None
        if rank % 4 == 0:
            parts = [{"name": name, "value": tone} for name in self.labels.true_labels(rank)]
            breakdown = {"label_contributions": parts, "other_group_contributions": []}
        found = [{"id": TONE_ID, "name": "tone", "value": tone, "breakdown": breakdown}]
        if "qos" in self.plan.flags:
            value = round(tone / 2, 4)
            quality = {"id": QUALITY_ID, "name": "quality_of_service", "value": value}
            found.append(quality | {"breakdown": None})
        return found

    def _encode(self, rank: int) -> str:
        """Return the annotated comment as JSON text, the comment itself taken from its source."""
        return f'{{"comment": {self.source.encode(rank)}, {as_json(self.annotate(rank))[1:]}'
