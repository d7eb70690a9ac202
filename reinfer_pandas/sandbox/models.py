"""The routes of a dataset's models: which there are, how far they have got, their tags.

Source: Re:infer API guide, models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.checks import as_bounded, as_fields, as_flag, as_limit
from reinfer_pandas.sandbox.clock import DAY_US, END_US, SECOND_US, timestamp
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.data import Dataset
    from reinfer_pandas.sandbox.plans import DatasetPlan
    from reinfer_pandas.sandbox.world import World

MAX_MODELS = 100
TRAINING_S = 412.0
_INPUT_LAG_US = 15 * 60 * SECOND_US  # from the last label to the training
_BODY = ("older_than_version", "limit", "include_deleted", "starred", "validated")


def versions(plan: DatasetPlan) -> tuple[int, ...]:
    """Return a dataset's models, the latest first: all are pinned."""
    latest = plan.model_version
    return () if latest is None else tuple(v for v in (latest, latest - 1, latest - 3) if v > 0)


def tags(plan: DatasetPlan) -> dict[str, int]:
    """Return which model each tag names."""
    known = versions(plan)
    return {"live": known[1], "staging": known[0]} if known else {}


def trained_us(plan: DatasetPlan, version: int) -> int:
    """Return when a model was trained [us since 1970]."""
    return END_US - (1 + 14 * ((plan.model_version or 0) - version)) * DAY_US


def training(plan: DatasetPlan, version: int) -> dict[str, str]:
    """Return when a model was trained, and on labels up to when."""
    trained = trained_us(plan, version)
    return {
        "trained_time": timestamp(trained, 4),
        "input_updated_at": timestamp(trained - _INPUT_LAG_US, 4),
    }


def resolve(plan: DatasetPlan, name: str) -> int:
    """Return the version that a path names: a number or a tag, or refuse it."""
    found = tags(plan).get(name)
    if found is None and name.isascii() and name.isdigit() and int(name) in versions(plan):
        found = int(name)
    if found is None:
        raise RefusedError(404)
    return found


def reviewed_counts(dataset: Dataset) -> dict[str, int]:
    """Return how many comments people gave each label."""
    counts: dict[str, int] = {}
    for annotator, rank in dataset:
        for name in annotator.labels.assigned_names(rank):
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def list_models(world: World, call: Call) -> Answer:
    """Answer with a page of a dataset's models, the latest first."""
    dataset = asked_dataset(world, call)
    body = as_fields(call.body, _BODY)
    limit = as_limit(body.get("limit"), default=MAX_MODELS, maximum=MAX_MODELS)
    known = versions(dataset.plan)
    if body.get("older_than_version") is not None:
        before = as_bounded(body["older_than_version"], maximum=2**31 - 1)
        known = tuple(version for version in known if version < before)
    if as_flag(body.get("starred") or False):
        known = ()
    counts = reviewed_counts(dataset)
    return ok(
        labellers=[_model(dataset.plan, version, counts) for version in known[:limit]],
        model_tags=_tag_records(dataset.plan),
        max_number_pinned_models=MAX_MODELS,
    )


def _model(plan: DatasetPlan, version: int, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "version": version,
        "model_id": f"english_{version % 6}",
        "model_name": "cm",
        "fingerprint": ident("model", plan.full_name, str(version)),
        **training(plan, version),
        "training_duration": TRAINING_S,
        "validated": True,
        "pinned": True,
        "reviewed_counts": counts,
        "used_by_triggers": version in tags(plan).values(),
        "settings": {"starred": False, "description": ""},
        "freshness": "fresh" if version == plan.model_version else "deprecated",
        "flags": [],
    }


def _tag_records(plan: DatasetPlan) -> list[dict[str, Any]]:
    return [
        {"name": name, "version": version, "updated_at": timestamp(END_US, 4)}
        for name, version in tags(plan).items()
    ]


def list_tags(world: World, call: Call) -> Answer:
    """Answer with a dataset's model tags."""
    return ok(model_tags=_tag_records(asked_dataset(world, call).plan))


def get_status(world: World, call: Call) -> Answer:
    """Answer with how far a dataset's latest model has got."""
    dataset = asked_dataset(world, call)
    plan = dataset.plan
    done = sum(annotator.labels.is_predicted(rank) for annotator, rank in dataset)
    share = done / len(dataset) if len(dataset) else 1.0
    is_trained = plan.model_version is not None
    trained = timestamp(trained_us(plan, plan.model_version or 0), 4)
    by_version = {"timestamp": trained, "comments": done, "inference_complete": share}
    return ok(
        dataset_status={
            "training_complete": 1.0 if is_trained else 0.0,
            "validation_complete": 1.0 if is_trained else 0.0,
            "training_completion_time": trained if is_trained else None,
            "inference_complete": share,
            "total_comments_with_text": len(dataset),
            "inference_stats_by_version": {str(plan.model_version): by_version}
            if is_trained
            else {},
            "inference_stuck": False,
            "operation": None,
        }
    )
