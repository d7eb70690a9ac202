"""What predictions are asked for: texts, comments, labels.

Source: Re:infer API guide, predictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reinfer_pandas._planning.filters import texts
from reinfer_pandas._planning.numbers import share
from reinfer_pandas.exceptions import ConfigurationError


def documents(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the texts or comments to predict for, as the API takes them."""
    found = [value] if isinstance(value, str | Mapping) else value
    if not hasattr(found, "__iter__"):
        raise ConfigurationError(f"{name}={value!r}: give a list of texts or of comments")
    made = [_document(name, place, one) for place, one in enumerate(found)]
    if not made:
        raise ConfigurationError(f"{name}: give one or more")
    return made


def _document(name: str, place: int, one: Any) -> dict[str, Any]:
    if isinstance(one, str):
        return {"messages": [{"body": {"text": one}}]}
    if isinstance(one, Mapping) and ("messages" in one or "raw_email" in one):
        return dict(one)
    raise ConfigurationError(
        f"{name}[{place}] is neither a text nor a comment: {one!r:.80}",
        hint="A comment is {'messages': [{'body': {'text': …}, 'subject': {'text': …}}]}.",
    )


def only_labels(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the labels that predictions are wanted of, each with its threshold if it has one."""
    if not isinstance(value, Mapping):
        return [{"name": label.split(" > ")} for label in texts(name, value)]
    if not value:
        raise ConfigurationError(f"{name}: give one or more labels")
    return [
        {"name": label.split(" > "), "threshold": share(name, least)}
        for label, least in value.items()
    ]
