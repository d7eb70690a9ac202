"""Filters of user properties, from what users write.

Source: Re:infer API guide, comment filters: each property under its name with its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reinfer_pandas._planning.filters import MOST_VALUES
from reinfer_pandas._planning.numbers import is_number, plain
from reinfer_pandas.exceptions import ConfigurationError


def user_properties(name: str, value: Any) -> dict[str, dict[str, Any]]:
    """Return the filter of user properties, each under its name on the wire.

    Examples
    --------
    >>> user_properties("user_properties", {"Team": ["Motor", "Home"], "number:Spend": (100, None)})
    {'string:Team': {'one_of': ['Motor', 'Home']}, 'number:Spend': {'minimum': 100}}
    """
    if not isinstance(value, Mapping) or not value:
        raise ConfigurationError(
            f"{name}={value!r}: give a dict",
            hint="For example {'Team': 'Motor', 'Priority': (1, 3)}.",
        )
    found: dict[str, dict[str, Any]] = {}
    for key, wanted in value.items():
        full_name, condition = _property(name, key, wanted)
        if full_name in found:
            raise ConfigurationError(f"{name}: {full_name!r} is given twice")
        found[full_name] = condition
    return found


def _property(option: str, key: Any, wanted: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(key, str) or not key:
        raise ConfigurationError(f"{option}: {key!r} is no property's name")
    kind, colon, _ = key.partition(":")
    given = kind if colon and kind in ("string", "number") else ""
    condition = _condition(option, key, wanted)
    found = _kind(condition) or given
    if not found:
        raise ConfigurationError(
            f"{option}: no telling of what kind {key!r} is",
            hint=f"Write 'string:{key}' or 'number:{key}'.",
        )
    if given and found != given:
        kinds = {"string": "text", "number": "a number"}
        raise ConfigurationError(f"{option}: {key!r} is {kinds[given]}, not {wanted!r}")
    return (key if given else f"{found}:{key}"), condition


def _condition(option: str, key: str, wanted: Any) -> dict[str, Any]:
    """Return the condition that a value, a list, a range or an object of the API's stands for."""
    if isinstance(wanted, Mapping):
        return _raw_condition(option, key, wanted)
    if isinstance(wanted, slice):
        if wanted.step is not None:
            raise ConfigurationError(f"{option}: {key!r}: a range has no step")
        return _range(option, key, wanted.start, wanted.stop)
    if isinstance(wanted, tuple):
        if len(wanted) != 2:
            raise ConfigurationError(
                f"{option}: {key!r}: a range is two numbers, {wanted!r} isn't; a choice is a list"
            )
        return _range(option, key, *wanted)
    many = list(wanted) if isinstance(wanted, list | set | frozenset) else [wanted]
    if not many or len(many) > MOST_VALUES:
        raise ConfigurationError(f"{option}: {key!r}: give 1 to {MOST_VALUES} values")
    if all(isinstance(one, str) for one in many) or all(map(is_number, many)):
        return {"one_of": list(dict.fromkeys(plain(one) for one in many))}
    raise ConfigurationError(
        f"{option}: {key!r} is text or a number, not {wanted!r}",
        hint="Give a text, a number, a list of either, or a range of numbers as a tuple.",
    )


def _raw_condition(option: str, key: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    known = {"one_of", "not_one_of", "include_missing", "minimum", "maximum"}
    if not wanted or not set(wanted) <= known:
        raise ConfigurationError(f"{option}: {key!r}: it takes {', '.join(sorted(known))}")
    return dict(wanted)


def _range(option: str, key: str, least: Any, most: Any) -> dict[str, Any]:
    ends = {"minimum": least, "maximum": most}
    given = {name: end for name, end in ends.items() if end is not None}
    if not given or not all(map(is_number, given.values())):
        raise ConfigurationError(
            f"{option}: {key!r}: a range is of numbers, not {(least, most)!r}",
            hint="Give a list for a choice, and None for an open end.",
        )
    if len(given) == 2 and least > most:
        raise ConfigurationError(f"{option}: {key!r}: {least} is more than {most}")
    return {name: plain(end) for name, end in given.items()}


def _kind(condition: Mapping[str, Any]) -> str:
    """Return which kind of property a condition is for; empty where that can't be told."""
    if {"minimum", "maximum"} & set(condition):
        return "number"
    listed = [*(condition.get("one_of") or ()), *(condition.get("not_one_of") or ())]
    if not listed:
        return ""
    return "string" if isinstance(listed[0], str) else "number"
