"""Orders of a query's rows, from what users write.

Source: Re:infer API guide, query.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from reinfer_pandas.exceptions import ConfigurationError

ORDERS = (
    "recent",
    "sample",
    "by_label",
    "any_label_asc",
    "learning",
    "label_property",
    "text_search",
    "attachment_text_search",
    "check",
    "missed",
    "diagnostic",
)
_NEEDED = {
    "sample": ("seed", "seed="),
    "label_property": ("label_property_id", "order={'kind': 'label_property', …}"),
    "text_search": ("query", "text="),
    "attachment_text_search": ("query", "order={'kind': 'attachment_text_search', …}"),
    "diagnostic": ("diagnostic_kind", "order={'kind': 'diagnostic', …}"),
}


def order(name: str, value: Any) -> dict[str, Any]:
    """Return the order of a query's rows, by its kind or as the API has it."""
    found = {"kind": value} if isinstance(value, str) else value
    if not isinstance(found, Mapping) or found.get("kind") not in ORDERS:
        shown = found.get("kind") if isinstance(found, Mapping) else value
        near = get_close_matches(str(shown), ORDERS, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"{name}={value!r} is no order", hint=f"{hint}It takes: {', '.join(ORDERS)}."
        )
    return dict(found)


def ordered(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options with order, seed and text put into one.

    Raises
    ------
    ConfigurationError
        They don't go together, or an order lacks what it needs.
    """
    rest = {name: value for name, value in given.items() if name not in ("order", "seed", "text")}
    found = dict(given.get("order") or {})
    if "text" in given:
        if found.setdefault("kind", "text_search") not in ("text_search", "attachment_text_search"):
            raise ConfigurationError(f"text= orders by how well comments match, not by {found}")
        found["query"] = given["text"]
    if "seed" in given:
        if found.setdefault("kind", "sample") != "sample":
            raise ConfigurationError(f"seed= is of order='sample', not of {found['kind']!r}")
        found["seed"] = given["seed"]
    if not found:
        return rest
    key, how = _NEEDED.get(found["kind"], ("kind", ""))
    if key not in found:
        raise ConfigurationError(f"order={found['kind']!r} needs a {key}", hint=f"Give {how}")
    return {**rest, "order": found}
