"""The tenant: sources and datasets, made from a seed; the same on every run.

Half a year of mail, calls and chats of an insurer and a shop, to the end of March 2026. One thing
in it is worth finding: ``Payment > Late payout`` grows fourfold, and the team ``Motor`` answers it
ever more slowly, while the other teams, and Motor's other mail, stay as they were.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.sandbox.annotations import Annotator
from reinfer_pandas.sandbox.memory import remembered
from reinfer_pandas.sandbox.plans import DATASETS, SOURCES, DatasetPlan, SourcePlan
from reinfer_pandas.sandbox.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Place(NamedTuple):
    """Where a comment of a dataset is: the annotator of its source, and its rank there."""

    annotator: Annotator
    rank: int


class Dataset:
    """A dataset: its sources' comments as one list, in order of time.

    Parameters
    ----------
    plan : DatasetPlan
        What it is.
    annotators : sequence of Annotator
        One for each of its sources.
    """

    def __init__(self, plan: DatasetPlan, annotators: Sequence[Annotator]) -> None:
        self.plan = plan
        self.annotators = tuple(annotators)
        self.memory: dict[object, Any] = {}  # of `remembered`
        merged = sorted(
            (annotator.source.at_us(rank), number, rank)
            for number, annotator in enumerate(self.annotators)
            for rank in range(len(annotator.source))
        )
        self._at_us = [at_us for at_us, _, _ in merged]
        self._places = [Place(self.annotators[number], rank) for _, number, rank in merged]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Place:
        """Return the comment at an index; 0 is the oldest."""
        return self._places[index]

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places)

    def between(self, minimum_us: int | None, maximum_us: int | None) -> range:
        """Return the indices in a time range, both ends inclusive [us]."""
        first = 0 if minimum_us is None else bisect_left(self._at_us, minimum_us)
        last = len(self) if maximum_us is None else bisect_right(self._at_us, maximum_us)
        return range(first, max(first, last))

    def find(self, uid: str) -> Place | None:
        """Return the comment with this uid; None where there is none."""
        source_id, _, comment_id = uid.partition(".")
        for annotator in self.annotators:
            if annotator.source.plan.id == source_id:
                rank = annotator.source.rank_of(comment_id)
                return None if rank is None else Place(annotator, rank)
        return None

    @remembered
    def in_order_of_creation(self) -> list[int]:
        """Return the indices in the order in which the platform took the comments in."""

        def created_us(index: int) -> int:
            annotator, rank = self._places[index]
            return annotator.source.created_us(rank)

        return sorted(range(len(self)), key=created_us)


class Tenant:
    """All that the server serves.

    Parameters
    ----------
    comments : int
        How many, over all sources.
    seed : int
        What they depend on.

    Examples
    --------
    >>> tenant = Tenant(comments=100, seed=1)
    >>> len(tenant.sources["acme/inbox"])
    60
    """

    def __init__(self, *, comments: int = 5_000, seed: int = 0) -> None:
        if comments < 0:
            raise ConfigurationError(f"comments must be 0 or more, not {comments}")
        self.seed = seed
        counts = _split(comments, SOURCES)
        self.sources = {
            plan.full_name: Source(plan, number=number, count=counts[number], seed=seed)
            for number, plan in enumerate(SOURCES)
        }
        self.datasets = {
            plan.full_name: Dataset(plan, self._annotators(plan, number))
            for number, plan in enumerate(DATASETS)
        }
        for source in self.sources.values():
            source.reviewers = [
                annotator.labels.is_reviewed
                for dataset in self.datasets.values()
                for annotator in dataset.annotators
                if annotator.source is source
            ]

    def _annotators(self, plan: DatasetPlan, number: int) -> list[Annotator]:
        return [Annotator(plan, self.sources[name], number=number) for name in plan.sources]

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}: {len(source)}" for name, source in self.sources.items())
        return f"Tenant(seed={self.seed}, {counts})"


def _split(comments: int, plans: Sequence[SourcePlan]) -> list[int]:
    """Share comments out; what rounding leaves goes to the first source."""
    counts = [int(comments * plan.share) for plan in plans]
    counts[0] += comments - sum(counts)
    return counts
