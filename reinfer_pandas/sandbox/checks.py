"""Checks of what a request holds: each returns the value, typed, or refuses it with a 400."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from reinfer_pandas.sandbox.answers import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_VALUES = 128


def as_object(value: object) -> dict[str, Any]:
    """Return a JSON object."""
    if isinstance(value, dict):
        return value
    raise _wrong_type(value, "object")


def as_array(value: object) -> list[Any]:
    """Return a JSON array; null counts as an empty one."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise _wrong_type(value, "array")


def as_text(value: object, default: str | None = None) -> str:
    """Return a string; null is the default, where there is one."""
    if value is None and default is not None:
        return default
    if isinstance(value, str):
        return value
    raise _wrong_type(value, "string")


def as_flag(value: object) -> bool:
    """Return true or false; null counts as false."""
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise _wrong_type(value, "boolean")


def as_integer(value: object) -> int:
    """Return a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong_type(value, "integer")


def as_number(value: object) -> float:
    """Return a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise _wrong_type(value, "number")


def as_fields(value: object, allowed: Collection[str]) -> dict[str, Any]:
    """Return a JSON object that has no other keys than these; null counts as an empty one."""
    found = {} if value is None else as_object(value)
    extra = sorted(set(found) - set(allowed))
    if extra:
        names = ", ".join(map(repr, extra))
        verb = "was" if len(extra) == 1 else "were"
        raise RefusedError(
            400, f"Additional properties are not allowed ({names} {verb} unexpected)"
        )
    return found


def required(found: Mapping[str, Any], name: str) -> Any:
    """Return a member of an object, whatever it is, where there is one."""
    if found.get(name) is None:
        raise RefusedError(400, f"{name!r} is a required property")
    return found[name]


def as_option(value: object, options: Collection[str]) -> str:
    """Return a string that is one of the options."""
    if isinstance(value, str) and value in options:
        return value
    raise RefusedError(400, f"{value!r} is not one of {sorted(options)!r}")


def as_bounded(value: object, *, maximum: int, minimum: int = 1) -> int:
    """Return a whole number within bounds."""
    number = as_integer(value)
    if number < minimum:
        raise RefusedError(400, f"{number} is less than the minimum of {minimum}")
    if number > maximum:
        raise RefusedError(400, f"{number} is greater than the maximum of {maximum}")
    return number


def as_limit(value: object, *, default: int, maximum: int) -> int:
    """Return how many records are asked for; null is the default."""
    return default if value is None else as_bounded(value, maximum=maximum)


def as_texts(value: object) -> list[str]:
    """Return a list of 1 to 128 different strings."""
    return _different([as_text(item) for item in as_array(value)])


def as_numbers(value: object) -> list[float]:
    """Return a list of 1 to 128 different numbers."""
    return _different([as_number(item) for item in as_array(value)])


def as_instant_us(value: object) -> int:
    """Return a time [us since 1970]; one without a zone is UTC.

    Source: Re:infer API guide, timestamps.
    """
    text = as_text(value)
    try:
        at = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        at = None
    if at is None:
        raise RefusedError(400, f"{text!r} is not a 'date-time'")
    return (at.replace(tzinfo=at.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)


def _different(found: list[T]) -> list[T]:
    if not found:
        raise RefusedError(400, "[] is too short")
    if len(found) > _MOST_VALUES:
        raise RefusedError(400, f"the list of {len(found)} values is too long")
    if len(set(found)) < len(found):
        raise RefusedError(400, f"{found!r} has non-unique elements")
    return found


def _wrong_type(value: object, kind: str) -> RefusedError:
    return RefusedError(400, f"{value!r} is not of type {kind!r}")
