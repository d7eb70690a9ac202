"""The ways to list what has an owner: all, one by its id, a project's, one by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reinfer_pandas._catalogue.resource import Resource
from reinfer_pandas._wire import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reinfer_pandas._columns.schema import Schema


def owned(
    plural: str, singular: str, schema: Schema, *, base: str, permission: str, source: str
) -> Iterator[Resource]:
    """Yield the four rows of things that belong to projects.

    Parameters
    ----------
    plural, singular : str
        What they are; also the keys that hold them.
    schema : Schema
        Their columns.
    base : str
        Path before theirs.
    permission, source : str
        What it takes to read them, and where that is described.
    """
    for tail, key, meaning in (
        ("", plural, f"{plural} that you may see"),
        ("/id:{id}", singular, f"one {singular}, by its id"),
        ("/{project}", plural, f"{plural} of a project"),
        (f"/{{project}}/{{{singular}}}", singular, f"one {singular}"),
    ):
        yield Resource(
            path=f"{plural}{tail}",
            meaning=meaning,
            route=f"{base}/{plural}{tail}",
            schema=schema,
            envelope=Envelope(key),
            permission=permission,
            source=source,
        )
