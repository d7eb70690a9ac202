"""How well a model tells a label: precision and recall over the comments that people labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reinfer_pandas.sandbox.memory import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reinfer_pandas.sandbox.data import Dataset, Place

_PRECISE, _COMPLETE = 0.95, 0.95
_LEAST = 0.05  # no threshold offered is below this
_TEST_EVERY = 5  # each fifth reviewed comment was kept from training


class Curve(NamedTuple):
    """One label's precision and recall, by falling threshold."""

    thresholds: tuple[float, ...]
    precisions: tuple[float, ...]
    recalls: tuple[float, ...]
    positives: int

    @property
    def average_precision(self) -> float:
        """The area under precision against recall."""
        steps = zip((0.0, *self.recalls), self.recalls, self.precisions, strict=False)
        return round(sum((after - before) * precision for before, after, precision in steps), 6)

    def optimal_thresholds(self) -> dict[str, float]:
        """Return the thresholds that the platform offers by name.

        ``balanced`` has the best F1; the others give up recall for precision, or the other way.
        """
        points = list(zip(self.thresholds, self.precisions, self.recalls, strict=True))
        if not self.positives:
            return {"high_precision": 0.9, "balanced": 0.5, "high_recall": 0.25}
        balanced = max(points, key=lambda point: point[1] * point[2] / (point[1] + point[2] or 1))
        precise = [threshold for threshold, precision, _ in points if precision >= _PRECISE]
        complete = next(threshold for threshold, _, recall in points if recall >= _COMPLETE)
        return {
            "high_precision": max([balanced[0], *precise[-1:]]),
            "balanced": balanced[0],
            "high_recall": max(_LEAST, min(balanced[0], complete)),
        }


@remembered
def curve(dataset: Dataset, label: str, version: int) -> Curve:
    """Return a label's curve over the comments that people have labelled."""
    scored = sorted(
        (
            (annotator.labels.probability(rank, label, version), _has(label, names))
            for annotator, rank in reviewed(dataset)
            for names in [annotator.labels.assigned_names(rank)]
        ),
        reverse=True,
    )
    positives = sum(is_right for _, is_right in scored)
    return _curve(scored, positives)


def _has(label: str, names: Sequence[str]) -> bool:
    """Tell whether a label, or one below it, was assigned."""
    return any(name == label or name.startswith(f"{label} > ") for name in names)


def _curve(scored: Sequence[tuple[float, bool]], positives: int) -> Curve:
    found: dict[float, tuple[float, float]] = {}
    right = 0
    for taken, (threshold, is_right) in enumerate(scored, start=1):
        right += is_right
        found[threshold] = (right / taken, right / positives if positives else 0.0)
    precisions, recalls = zip(*found.values(), strict=True) if found else ((), ())
    return Curve(tuple(found), precisions, recalls, positives)


@remembered
def reviewed(dataset: Dataset) -> list[Place]:
    """Return the comments of a dataset that people have labelled."""
    return [place for place in dataset if place.annotator.labels.is_reviewed(place.rank)]


def sizes(count: int) -> dict[str, int]:
    """Return how many of so many comments are for training, and for the test."""
    test = count // _TEST_EVERY
    return {"train_size": count - test, "test_size": test, "reviewed_size": count}
