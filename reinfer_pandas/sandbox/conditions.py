"""The conditions that filters put on a value: strings, numbers, addresses.

Source: Re:infer API guide, comment filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import as_fields, as_flag, as_number, as_numbers, as_texts

if TYPE_CHECKING:
    from collections.abc import Callable

_STRING_KEYS = ("one_of", "not_one_of", "include_missing")
_PARTICIPANT_KEYS = (
    *_STRING_KEYS,
    "domain_one_of",
    "domain_not_one_of",
    "organisation_one_of",
    "organisation_not_one_of",
)


def read_string(
    value: object, keys: tuple[str, ...] = _STRING_KEYS
) -> Callable[[str | None], bool]:
    """Read a string filter: a test of a value that may be missing (None)."""
    found = as_fields(value, keys)
    one_of = _lowered(found.get("one_of"))
    not_one_of = _lowered(found.get("not_one_of")) or frozenset()
    missing = found.get("include_missing")
    takes_missing = one_of is None if missing is None else as_flag(missing)

    def matches(text: str | None) -> bool:
        if text is None:
            return bool(takes_missing)
        lowered = text.lower()
        return (one_of is None or lowered in one_of) and lowered not in not_one_of

    return matches


def _lowered(value: object) -> frozenset[str] | None:
    return None if value is None else frozenset(item.lower() for item in as_texts(value))


def of_any(matches: Callable[[str | None], bool]) -> Callable[[list[str]], bool]:
    """Turn a test of one value into a test of several: any will do; none is missing."""
    return lambda values: any(map(matches, values)) if values else matches(None)


def read_participant(value: object) -> Callable[[list[str]], bool]:
    """Read a filter on addresses: whole, or by the domain after the ``@``."""
    found = as_fields(value, _PARTICIPANT_KEYS)
    whole = read_string({key: found[key] for key in _STRING_KEYS if key in found})
    domain = read_string(
        {
            key.removeprefix("domain_"): found[key]
            for key in ("domain_one_of", "domain_not_one_of")
            if key in found
        }
    )
    if any(key.startswith("organisation") for key in found):
        raise RefusedError(400, "the sandbox's senders have no organisation")
    return of_any(lambda text: whole(text) and (text is None or domain(text.rpartition("@")[2])))


def read_number(value: object) -> Callable[[float | None], bool]:
    """Read a number filter: a range, or a list of values."""
    found = as_fields(value, ("minimum", "maximum", *_STRING_KEYS))
    minimum, maximum = (
        None if found.get(end) is None else as_number(found[end]) for end in ("minimum", "maximum")
    )
    one_of = None if found.get("one_of") is None else frozenset(as_numbers(found["one_of"]))
    not_one_of = frozenset(as_numbers(found["not_one_of"])) if "not_one_of" in found else ()
    takes_missing = bool(found.get("include_missing", False))

    def matches(number: float | None) -> bool:
        if number is None:
            return takes_missing
        above = minimum is None or number >= minimum
        below = maximum is None or number <= maximum
        return above and below and (one_of is None or number in one_of) and number not in not_one_of

    return matches
