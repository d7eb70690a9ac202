"""Filters as the wire takes them, from what users write.

Source: Re:infer API guide, comment filters and attribute filters: strings are text, up to 128
different ones in a list, which can't be empty; ranges include both ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reinfer_pandas.exceptions import ConfigurationError

MOST_VALUES = 128
_REVIEWED = {True: "only_reviewed", False: "only_unreviewed"}


def texts(name: str, value: Any) -> list[str]:
    """Return one text or a list of them as a list: each once, none empty, not too many."""
    found = [value] if isinstance(value, str) else value
    if isinstance(found, Mapping | bytes) or not hasattr(found, "__iter__"):
        raise ConfigurationError(f"{name}={value!r}: give a text or a list of texts")
    found = list(found)
    if not found or not all(isinstance(one, str) and one for one in found):
        raise ConfigurationError(f"{name}={value!r}: give one or more texts, none of them empty")
    return list(dict.fromkeys(found))


def values(name: str, value: Any) -> list[str]:
    """Return texts that a filter takes, of which it takes 128."""
    found = texts(name, value)
    if len(found) > MOST_VALUES:
        raise ConfigurationError(f"{name}: {len(found)} values; the platform takes {MOST_VALUES}")
    return found


def reviewed(name: str, value: Any) -> str:
    """Return which comments are meant: those that people have reviewed, or the others."""
    if isinstance(value, bool):
        return _REVIEWED[value]
    if value in _REVIEWED.values():
        return str(value)
    raise ConfigurationError(f"{name}={value!r}: give True or False")


def people(name: str, value: Any) -> dict[str, list[str]]:
    """Return the filter of senders or recipients: addresses."""
    return {"one_of": values(name, value)}


def any_label(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the filter of comments with any of some labels."""
    return [_attribute("labels", kind="string_any_of", any_of=values(name, value))]


def no_label(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the filter of comments with none of some labels."""
    return [_attribute("labels", kind="string_none_of", none_of=values(name, value))]


def attachments(name: str, value: Any) -> list[dict[str, Any]]:
    """Return the filter of comments with attachments, without any, or with some kinds of them.

    Kinds are extensions (``pdf``) or media types (``application/pdf``).
    """
    if isinstance(value, bool):
        bounds = {"minimum": 1, "maximum": None} if value else {"minimum": None, "maximum": 0}
        attribute = "attachment_property_num_attachments"
        return [_attribute(attribute, kind="number_range", **bounds)]
    kinds = values(name, value)
    types = [kind for kind in kinds if "/" in kind]
    if types and len(types) < len(kinds):
        raise ConfigurationError(f"{name}={value!r}: give extensions or media types, not both")
    attribute = f"attachment_property_{'types' if types else 'extensions'}"
    return [
        _attribute(attribute, kind="string_any_of", any_of=[k.removeprefix(".") for k in kinds])
    ]


def _attribute(name: str, **condition: Any) -> dict[str, Any]:
    return {"attribute": name, "filter": condition}


def raw_attributes(name: str, value: Any) -> list[dict[str, Any]]:
    """Return attribute filters that are written as the API has them."""
    found = [value] if isinstance(value, Mapping) else value
    is_list = isinstance(found, Sequence) and not isinstance(found, str)
    if not is_list or not all(
        isinstance(one, Mapping)
        and set(one) == {"attribute", "filter"}
        and isinstance(one["filter"], Mapping)
        and "kind" in one["filter"]
        for one in found
    ):
        raise ConfigurationError(
            f"{name}={value!r}: give a list of objects as the API has them",
            hint=(
                "For example [{'attribute': 'labels', 'filter': {'kind': 'string_any_of', "
                "'any_of': ['Order > Cancel']}}]."
            ),
        )
    return [dict(one) for one in found]


def raw_filter(name: str, value: Any) -> dict[str, Any]:
    """Return a comment filter that is written as the API has it."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigurationError(f"{name}={value!r}: give an object as the API has it, a dict")
    times = value.get("timestamp")
    if times is not None and (
        not isinstance(times, Mapping) or not set(times) <= {"minimum", "maximum"}
    ):
        raise ConfigurationError(f"{name}: timestamp takes minimum and maximum")
    return dict(value)
