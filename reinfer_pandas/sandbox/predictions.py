"""The routes of predictions: for stored comments, for new texts, for raw e-mails.

Source: Re:infer API guide, predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.annotations import TONE_ID
from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError, ok
from reinfer_pandas.sandbox.checks import (
    as_array,
    as_fields,
    as_flag,
    as_number,
    as_option,
    as_text,
    required,
)
from reinfer_pandas.sandbox.clock import timestamp
from reinfer_pandas.sandbox.curves import curve
from reinfer_pandas.sandbox.definitions import label_names
from reinfer_pandas.sandbox.documents import MAX_DOCUMENTS, documents, read_document, read_email
from reinfer_pandas.sandbox.guesses import guess_entities, guess_labels
from reinfer_pandas.sandbox.models import resolve, trained_us, versions
from reinfer_pandas.sandbox.reads import asked_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reinfer_pandas.sandbox.data import Dataset, Place
    from reinfer_pandas.sandbox.world import World

DEFAULT_THRESHOLD = 0.25
_THRESHOLDS = ("high_recall", "balanced", "high_precision")


class Wanted(NamedTuple):
    """Which labels to give: the threshold of each, and whether to name the automatic ones."""

    dataset: Dataset
    version: int
    thresholds: Mapping[str, float]
    is_auto: bool

    def take(
        self, scores: Mapping[str, float], sentiment: Callable[[str], float]
    ) -> list[dict[str, Any]]:
        """Return a text's labels that reach their thresholds, as the public routes give them."""
        found = []
        for name, least in self.thresholds.items():
            if scores[name] < least:
                continue
            label: dict[str, Any] = {"name": name.split(" > "), "probability": scores[name]}
            if self.dataset.plan.has_sentiment:
                label["sentiment"] = sentiment(name)
            if self.is_auto:
                label["auto_thresholds"] = self._cleared(name, scores[name])
            found.append(label)
        return found

    def _cleared(self, name: str, probability: float) -> list[str]:
        limits = curve(self.dataset, name, self.version).optimal_thresholds()
        return [each for each in _THRESHOLDS if probability >= limits[each]]


def _read_wanted(dataset: Dataset, version: int, body: Mapping[str, Any]) -> Wanted:
    """Read which labels a request wants."""
    names = label_names(dataset.plan)
    threshold = body.get("threshold", DEFAULT_THRESHOLD)
    is_auto = threshold == "auto"
    if is_auto:
        usual = {
            name: curve(dataset, name, version).optimal_thresholds()["high_recall"]
            for name in names
        }
    else:
        usual = dict.fromkeys(names, _as_share(threshold))
    if body.get("labels") is None:
        return Wanted(dataset, version, usual, is_auto)
    chosen = {}
    for each in as_array(body["labels"]):
        asked = as_fields(each, ("name", "threshold"))
        name = as_option(" > ".join(map(as_text, as_array(asked.get("name")))), names)
        given = asked.get("threshold")
        chosen[name] = usual[name] if given is None else _as_share(given)
    return Wanted(dataset, version, chosen, is_auto)


def _as_share(value: object) -> float:
    number = as_number(value)
    if not 0 <= number <= 1:
        raise RefusedError(400, f"{number} is not within 0 and 1")
    return number


def _asked_model(world: World, call: Call) -> tuple[Dataset, int]:
    """Return the dataset and the model that a path names; the latest where it names none."""
    dataset = asked_dataset(world, call)
    known = versions(dataset.plan)
    if not known:
        raise RefusedError(404)
    name = call.names.get("version")
    return dataset, known[0] if name is None else resolve(dataset.plan, name)


def _model(dataset: Dataset, version: int) -> dict[str, Any]:
    return {"version": version, "time": timestamp(trained_us(dataset.plan, version), 4)}


# stored comments


def predict_comments(world: World, call: Call) -> Answer:
    """Answer with a model's predictions for comments, by uid."""
    dataset, version = _asked_model(world, call)
    body = as_fields(call.body, ("uids", "threshold", "labels"))
    uids = [as_text(uid) for uid in as_array(required(body, "uids"))]
    if len(uids) > MAX_DOCUMENTS:
        raise RefusedError(400, f"the list of {len(uids)} values is too long")
    places = [dataset.find(uid) for uid in uids]
    if None in places:
        unknown = [uid for uid, place in zip(uids, places, strict=True) if place is None]
        raise RefusedError(400, f"Invalid request - no such comments: {', '.join(unknown)}")
    wanted = _read_wanted(dataset, version, body)
    return ok(
        model=_model(dataset, version),
        predictions=[_prediction(place, wanted) for place in places if place is not None],
    )


def _prediction(place: Place, wanted: Wanted) -> dict[str, Any]:
    annotator, rank = place
    labels = annotator.labels
    scores = {name: labels.probability(rank, name, wanted.version) for name in wanted.thresholds}
    found: dict[str, Any] = {
        "uid": annotator.source.uid_of(rank),
        "labels": wanted.take(scores, lambda name: labels.sentiment(rank, name)),
        "entities": annotator.entities.found(rank),
        "label_properties": [_tone(labels.tone(rank))],
    }
    if annotator.plan.has_sentiment:
        found["sentiment"] = {"total": labels.tone(rank)}
    return found


def _tone(value: float) -> dict[str, Any]:
    return {"property_id": TONE_ID, "property_name": "tone", "value": value}


# new texts


def predict_documents(world: World, call: Call) -> Answer:
    """Answer with a model's predictions for new texts, in their order."""
    dataset, version = _asked_model(world, call)
    body = as_fields(call.body, ("documents", "threshold", "labels", "_include_comments"))
    found = [read_document(each) for each in documents(body)]
    return _predicted(
        _read_wanted(dataset, version, body),
        found,
        include_comments=as_flag(body.get("_include_comments")),
    )


def predict_emails(world: World, call: Call) -> Answer:
    """Answer with a model's predictions for raw e-mails, in their order."""
    dataset, version = _asked_model(world, call)
    keys = ("documents", "transform_tag", "include_comments", "threshold", "labels")
    body = as_fields(call.body, keys)
    tag = body.get("transform_tag") or "generic.0.CONVKER5"
    if tag != "generic.0.CONVKER5":
        raise RefusedError(422, f"The value {tag!r} is not a valid transform tag.")
    found = [read_email(each) for each in documents(body)]
    return _predicted(
        _read_wanted(dataset, version, body),
        found,
        include_comments=as_flag(body.get("include_comments")),
    )


def _predicted(wanted: Wanted, comments: list[dict[str, Any]], *, include_comments: bool) -> Answer:
    plan = wanted.dataset.plan
    scores = [guess_labels(plan, _text(comment)) for comment in comments]
    payload: dict[str, Any] = {
        "model": _model(wanted.dataset, wanted.version),
        "predictions": [wanted.take(each, lambda _name: 0.0) for each in scores],
        "entities": [guess_entities(plan, comment["messages"]) for comment in comments],
        "label_properties": [[_tone(0.0)] for _ in comments],
    }
    if plan.has_sentiment:
        payload["sentiment"] = [{"total": 0.0} for _ in comments]
    return ok(**payload, **({"comments": comments} if include_comments else {}))


def _text(comment: Mapping[str, Any]) -> str:
    """Return all of a comment's words."""
    return " ".join(
        message[part]["text"]
        for message in comment["messages"]
        for part in ("subject", "body")
        if part in message
    )
