"""Comments with the predictions of a model of one's choice, instead of the latest.

The pages come from the query route; for each, the model's predictions are asked for by uid, and
take the place of those that came with it.

Source: Re:infer API guide, query, predictions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from reinfer_pandas._catalogue import catalogue
from reinfer_pandas._columns.decode import decode_records
from reinfer_pandas._columns.predictions import CommentPrediction, by_uid
from reinfer_pandas._columns.records import AnnotatedComment, Entities, Labelling, Prediction
from reinfer_pandas._columns.typed import learn
from reinfer_pandas._planning.requests import request_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reinfer_pandas._wire import Request, Response, Send

OPTIONS = ("model_version", "threshold", "idempotent")


class _Comment(msgspec.Struct, gc=False):
    uid: str


class _Identified(msgspec.Struct, gc=False):
    comment: _Comment


learn(_Identified, CommentPrediction)


def predicting(path: str, values: Mapping[str, Any]) -> Callable[[Send], Send]:
    """Return what makes a `Send` of comments one that also asks for a model's predictions.

    Parameters
    ----------
    path : str
        Of the dataset's comments.
    values : Mapping of str to object
        Options as the wire takes them, of which those of the predictions are used.
    """
    dataset = path.removesuffix("/comments")
    resource, names = catalogue.find(f"{dataset}/predict-comments")
    given = {name: values[name] for name in OPTIONS if name in values}

    def wrap(send: Send) -> Send:
        def predicted_send(request: Request) -> Response:
            response = send(request)
            found = decode_records(response.records, _Identified)
            if not found or response.page is None:
                return response
            uids = list(dict.fromkeys(one.comment.uid for one in found))
            wanted = request_for(resource, names, {**given, "uids": uids}, path=path)
            answers = list(_answers(send, wanted))
            pages = [answer.page for answer in answers]
            beside = {**response.page.beside, "answers": pages}
            further = tuple(answer.attempts for answer in answers)
            return replace(response, page=replace(response.page, beside=beside), further=further)

        return predicted_send

    return wrap


def _answers(send: Send, request: Request | None) -> Iterator[Response]:
    while request is not None:
        yield send(request)
        request = request.then


def predicted(
    records: Sequence[AnnotatedComment], beside: Mapping[str, Any]
) -> Sequence[AnnotatedComment]:
    """Return comments with the predictions that stand beside them, joined by uid.

    A comment without an answer has no predictions, and no model.
    """
    found: dict[str, Prediction] = {}
    for page in beside.get("answers", ()):
        found |= by_uid(decode_records(page.records, CommentPrediction), page.beside)
    return [_replaced(record, found.get(record.comment.uid)) for record in records]


def _replaced(record: AnnotatedComment, found: Prediction | None) -> AnnotatedComment:
    """Return a comment with other predictions; what people said of it stays."""
    said = record.entities or Entities()
    found = found or Prediction()
    return AnnotatedComment(
        comment=record.comment,
        labelling=(*_said(record), Labelling(predicted=found.labels)),
        entities=Entities(said.assigned, said.dismissed, found.entities),
        thread_properties=record.thread_properties,
        label_properties=found.label_properties,
        moon_forms=record.moon_forms
        and tuple(msgspec.structs.replace(form, predicted=None) for form in record.moon_forms),
        model_version=found.model_version,
    )


def _said(record: AnnotatedComment) -> Iterator[Labelling]:
    """Yield the label groups without what a model predicted."""
    groups = record.labelling or ()
    for group in (groups,) if isinstance(groups, Labelling) else groups:
        yield Labelling(group.group, group.assigned, group.dismissed)
