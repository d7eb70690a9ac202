"""The routes of validation: how well a model does on the comments that people have labelled.

Every figure is computed from those comments: what was assigned, against the model's probabilities.

Source: Re:infer API guide, validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.checks import as_fields, as_option, required
from reinfer_pandas.sandbox.curves import Curve, curve, reviewed, sizes
from reinfer_pandas.sandbox.definitions import (
    entity_defs,
    entity_id,
    entity_kinds,
    label_group,
    title,
)
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.models import TRAINING_S, resolve, training, versions
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.data import Dataset
    from reinfer_pandas.sandbox.world import World

_POOR, _AVERAGE, _GOOD, _EXCELLENT = 0.0, 50.0, 70.0, 90.0
_RECALLS = (0.0, 0.25, 0.5, 0.75, 1.0)
_FEW = 25  # reviewed comments below which a label can't be judged


def _judge(score: float) -> str:
    for least, quality in ((_EXCELLENT, "excellent"), (_GOOD, "good"), (_AVERAGE, "average")):
        if score >= least:
            return quality
    return "poor"


class _Verdict(NamedTuple):
    """What a model's curves come to."""

    curves: dict[str, Curve]
    mean: float

    @property
    def score(self) -> float:
        return round(100 * self.mean, 2)

    def count_between(self, least: float, most: float) -> int:
        return sum(least <= 100 * each.average_precision < most for each in self.curves.values())


def _verdict(dataset: Dataset, version: int) -> _Verdict:
    names = dataset.annotators[0].labels.names
    curves = {name: curve(dataset, name, version) for name in names}
    known = [each.average_precision for each in curves.values() if each.positives]
    return _Verdict(curves, round(sum(known) / len(known), 6) if known else 0.0)


def _asked_version(world: World, call: Call) -> tuple[Dataset, int]:
    """Return the dataset and the model that a path names; ``latest`` is one too."""
    dataset = asked_dataset(world, call)
    name = call.names["version"]
    known = versions(dataset.plan)
    if not known or not reviewed(dataset):
        raise RefusedError(404)
    return dataset, known[0] if name == "latest" else resolve(dataset.plan, name)


def get_scores(world: World, call: Call) -> Answer:
    """Answer with a model's scores, flat: the public route."""
    dataset, version = _asked_version(world, call)
    verdict = _verdict(dataset, version)
    covered = sum(bool(each.labels.assigned_names(rank)) for each, rank in reviewed(dataset))
    coverage = round(covered / len(reviewed(dataset)), 4)
    return ok(
        validation={
            "version": version,
            "labels": [{"name": name, "parts": name.split(" > ")} for name in verdict.curves],
            "entities": [
                {"name": kind, "title": title(kind)} for kind in entity_kinds(dataset.plan)
            ],
            "num_reviewed_comments": len(reviewed(dataset)),
            "num_labels": len(verdict.curves),
            "num_amber_labels": verdict.count_between(_AVERAGE, _GOOD),
            "num_red_labels": verdict.count_between(_POOR, _AVERAGE),
            "mean_average_precision_safe": verdict.mean,
            "dataset_quality": _judge(verdict.score),
            "dataset_score": round(verdict.score),
            "balance": 0.9,
            "balance_quality": "good",
            "coverage": coverage,
            "coverage_quality": _judge(100 * coverage),
            "underperforming_labels_quality": "average",
            "all_labels_quality": _judge(verdict.score),
        }
    )


def get_validation(world: World, call: Call) -> Answer:
    """Answer with a model's validation in full: the private route."""
    call.flag("beta")
    dataset, version = _asked_version(world, call)
    plan, verdict = dataset.plan, _verdict(dataset, version)
    return ok(
        entity_defs=entity_defs(plan),
        label_groups=[label_group(plan)],
        validation={
            "fingerprint": ident("model", plan.full_name, str(version)),
            "model_kind": "english",
            "version": version,
            "training_time": TRAINING_S,
            **training(plan, version),
            "entities": _entity_figures(dataset),
            **sizes(len(reviewed(dataset))),
            "min_comments_threshold": _FEW,
            "mean_average_precision_safe": verdict.mean,
            "recalls": _RECALLS,
            "mean_precision_curve_safe": _mean_precisions(verdict),
            "labels": {name: _label_figures(each) for name, each in verdict.curves.items()},
            "model_rating": {
                "score": verdict.score,
                "quality": _judge(verdict.score),
                "needs_refinement": verdict.score < _GOOD,
                "factors": [],
                "bins": [_POOR, _AVERAGE, _GOOD, _EXCELLENT],
            },
            "has_uninformative": True,
        },
    )


def _label_figures(found: Curve) -> dict[str, Any]:
    return {
        **sizes(found.positives),
        "average_precision": found.average_precision,
        "optimal_thresholds": found.optimal_thresholds(),
        "health": {"smart": None},
    }


def _mean_precisions(verdict: _Verdict) -> list[float]:
    """Return the labels' mean precision at each recall."""
    known = [each for each in verdict.curves.values() if each.positives]
    return [
        round(sum(_precision_at(each, recall) for each in known) / len(known), 6)
        for recall in _RECALLS
    ]


def _precision_at(found: Curve, recall: float) -> float:
    return next(
        precision
        for precision, reached in zip(found.precisions, found.recalls, strict=True)
        if reached >= recall
    )


def _entity_figures(dataset: Dataset) -> dict[str, Any]:
    """Return how many entities people have confirmed, by definition."""
    counts = dict.fromkeys(entity_kinds(dataset.plan), 0)
    documents = 0
    for annotator, rank in reviewed(dataset):
        found = annotator.entities.as_entities(rank)["assigned"]
        documents += bool(found)
        for entity in found:
            counts[entity["kind"]] += 1
    of_entities, of_documents = sizes(sum(counts.values())), sizes(documents)
    return {
        "num_train_entities": of_entities["train_size"],
        "num_test_entities": of_entities["test_size"],
        "num_reviewed_entities": of_entities["reviewed_size"],
        "num_train_documents": of_documents["train_size"],
        "num_test_documents": of_documents["test_size"],
        "num_reviewed_documents": of_documents["reviewed_size"],
        "error_count": 0,
        "entities_by_def_id": {entity_id(kind): sizes(count) for kind, count in counts.items()},
    }


def get_label_validation(world: World, call: Call) -> Answer:
    """Answer with one label's curve."""
    call.flag("beta")
    dataset, version = _asked_version(world, call)
    body = as_fields(call.body, ("label", "moon"))
    label = as_option(required(body, "label"), dataset.annotators[0].labels.names)
    found = curve(dataset, label, version)
    test = sizes(found.positives)["test_size"]
    return ok(
        label_validation={
            **_label_figures(found),
            "recalls": list(found.recalls),
            "precisions": list(found.precisions),
            "thresholds": list(found.thresholds),
            "test_error_count": float(round(test * (1 - found.average_precision))),
            "test_expected_count": float(test),
        }
    )
