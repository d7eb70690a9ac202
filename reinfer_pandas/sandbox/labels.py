"""The labels of a source's comments in a dataset: by people, and by models."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.clock import DAY_US, timestamp
from reinfer_pandas.sandbox.definitions import MOOD_LABELS, label_names
from reinfer_pandas.sandbox.dice import dice, even, ident, pick, scatter
from reinfer_pandas.sandbox.threads import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.sandbox.plans import DatasetPlan
    from reinfer_pandas.sandbox.source import Source

REVIEWED_SHARE = 0.18
PREDICTED_SHARE = 0.98  # the newest comments wait for their predictions
SHOWN = 0.05  # predictions below this are not listed with a comment
REVIEWERS = (ident("user", "alice"), ident("user", "bob"))
_AT_HAND, _KEPT = 1_024, 20_000  # results in memory


class _Keys(NamedTuple):
    """One sequence of draws for each thing that is drawn."""

    review: int
    reply: int
    scores: int
    parts: int
    dismissal: int


class Labels:
    """The labels of one source's comments in one dataset.

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
        base = scatter(source.seed, number, source.number)
        self.plan = plan
        self.source = source
        self.names = label_names(plan)
        self._known_ranks = PREDICTED_SHARE * len(source) if plan.model_version else 0
        self._keys = _Keys(*(scatter(base, salt) for salt in range(len(_Keys._fields))))
        self._label_keys = {name: scatter(base, *name.encode()) for name in self.names}
        self.true_labels = lru_cache(maxsize=_AT_HAND)(self._true_labels)
        self.predicted = lru_cache(maxsize=_AT_HAND)(self._predicted)
        self.scores = lru_cache(maxsize=_KEPT)(self._scores)

    def is_predicted(self, rank: int) -> bool:
        """Tell whether the model has got to a comment."""
        return rank < self._known_ranks

    def is_reviewed(self, rank: int) -> bool:
        """Tell whether somebody has labelled it."""
        return self.is_predicted(rank) and even(self._keys.review, rank) < REVIEWED_SHARE

    def _true_labels(self, rank: int) -> Mapping[str, float]:
        """Return its labels and their sentiments, as a careful reader would give them."""
        source, mood = self.source, self.source.mood(rank)
        position, is_customer = source.seeds[rank].position, source.role(rank) == CUSTOMER
        found: dict[str, float] = {}
        if is_customer or even(self._keys.reply, rank) < 0.6:
            found[source.topic(rank).label] = mood
        if is_customer and position:
            found["Thanks" if mood > 0.3 else "Chaser"] = mood
        if is_customer and mood < -0.7:
            found["Urgent"] = mood
        return found

    def _scores(self, rank: int, version: int) -> Mapping[str, float]:
        """Return what a model makes of it: the probability of each label worth naming."""
        draw = dice(self._keys.scores, rank)
        found: dict[str, float] = {}
        for name in self.true_labels(rank):
            sure = draw.random()
            found[name] = 0.02 + 0.4 * sure if draw.random() < 0.1 else 0.99 - 0.5 * sure**2
            if draw.random() < 0.94:  # a child's prediction does not imply its parent's
                _add_parents(found, name)
        for name in (*MOOD_LABELS, pick(draw, self.names), pick(draw, self.names)):
            if draw.random() < 0.3:
                found.setdefault(name, 0.9 * draw.random() ** 2)
        drift = 0.002 * (version % 7)
        return {name: round(max(0.001, value - drift), 6) for name, value in found.items()}

    def latest_scores(self, rank: int) -> Mapping[str, float]:
        """Return what the latest model makes of a comment; nothing where it hasn't got to it."""
        return self.scores(rank, self.plan.model_version or 0) if self.is_predicted(rank) else {}

    def probability(self, rank: int, name: str, version: int) -> float:
        """Return the probability of any label, however small."""
        low = round(0.001 + 0.02 * even(self._label_keys[name], -rank - 1), 6)
        return self.scores(rank, version).get(name, low)

    def sentiment(self, rank: int, name: str) -> float:
        """Return a predicted label's sentiment, -1 to 1."""
        near = self.source.mood(rank) + 0.2 * (even(self._label_keys[name], rank) - 0.5)
        return round(max(-1.0, min(1.0, near)), 4)

    def tone(self, rank: int) -> float:
        """Return its tone, -1 to 1."""
        return round(0.8 * self.source.mood(rank), 4)

    def assigned_names(self, rank: int) -> tuple[str, ...]:
        """Return the names of the labels that somebody gave it."""
        return tuple(self.true_labels(rank)) if self.is_reviewed(rank) else ()

    # on the wire

    def as_predicted(self, rank: int, name: str, probability: float) -> dict[str, Any]:
        """Return a prediction as the private routes give it."""
        label: dict[str, Any] = {"name": name, "probability": probability}
        if self.plan.has_sentiment:
            label["sentiment"] = self.sentiment(rank, name)
        return label

    def _predicted(self, rank: int) -> list[dict[str, Any]]:
        """Return the latest model's labels; a few comments name them as lists of parts."""
        found = [
            self.as_predicted(rank, name, probability)
            for name, probability in sorted(self.latest_scores(rank).items())
            if probability >= SHOWN
        ]
        if even(self._keys.parts, rank) < 0.06:
            return [label | {"name": label["name"].split(" > ")} for label in found]
        return found

    def assigned(self, rank: int) -> list[dict[str, Any]]:
        """Return the labels that somebody gave it, who and when."""
        if not self.is_reviewed(rank):
            return []
        metadata = {
            "user_id": REVIEWERS[rank % 3 == 0],
            "timestamp": timestamp(self.source.created_us(rank) + DAY_US, 6),
            "ui": {"assignment_method": "manual", "view": "explore"},
        }
        return [
            {"name": name, "sentiment": self._side(mood), "metadata": metadata}
            for name, mood in self.true_labels(rank).items()
        ]

    def _side(self, mood: float) -> str:
        return "negative" if self.plan.has_sentiment and mood < 0 else "positive"

    def _dismissed(self, rank: int) -> list[dict[str, Any]]:
        """Return a label that whoever read the comment refused."""
        if not self.is_reviewed(rank) or even(self._keys.dismissal, rank) > 0.2:
            return []
        wrong = [name for name in MOOD_LABELS if name not in self.true_labels(rank)]
        return [{"name": wrong[0], "sentiment": "positive"}]

    def labelling(self, rank: int) -> dict[str, Any]:
        """Return the labelling of the comment, as the one group there is."""
        found: dict[str, Any] = {
            "group": "default",
            "assigned": self.assigned(rank),
            "dismissed": self._dismissed(rank),
        }
        if self.is_predicted(rank):
            found["predicted"] = self.predicted(rank)
        if self.is_reviewed(rank) and not found["assigned"]:
            found["uninformative"] = {"mode": "implicit"}
        return found


def _add_parents(found: dict[str, float], name: str) -> None:
    """Give a label's ancestors at least its own probability."""
    parts = name.split(" > ")
    for depth in range(1, len(parts)):
        parent = " > ".join(parts[:depth])
        found[parent] = max(found.get(parent, 0.0), min(0.999, found[name] + 0.005))
