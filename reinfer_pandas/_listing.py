"""The catalogue as frames and as a table: what can be read, with which options and columns."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd

from reinfer_pandas._catalogue.catalogue import RESOURCES, find
from reinfer_pandas._planning.checks import COMMON, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reinfer_pandas._catalogue.resource import Resource


def resources(path: str | None = None) -> pd.DataFrame:
    """Return what can be read; or of one resource, its options and columns.

    Parameters
    ----------
    path : str, optional
        A resource path, such as ``datasets/acme/claims/comments``.

    Returns
    -------
    DataFrame, shape (resources, 10) or (options and columns, 6)
        All resources with their routes, whether those are public or private (used by the official
        client, promised by no guide), the permissions needed, options, number of columns, whether
        the platform may charge for them, and where they are described. Of one resource: the kind,
        name, dtype, unit and meaning of each option and column, and whether it must be given or is
        always there.

    Raises
    ------
    ConfigurationError
        There is no such resource.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> rp.resources().set_index("path").loc["sources/{project}/{source}/comments", "visibility"]
    'private'
    >>> about = rp.resources("sources/acme/inbox/threads")
    >>> about.loc[about["kind"] == "column", ["name", "dtype"]]
            name               dtype
    7  thread_id                 str
    8   comments  list<item: string>
    """
    if path is None:
        return _texts([_row(resource) for resource in RESOURCES])
    resource, _ = find(path)
    return _texts([*_options(resource), *_columns(resource)])


def _row(resource: Resource) -> dict[str, object]:
    return {
        "path": resource.path,
        "meaning": resource.meaning,
        "method": resource.method,
        "route": resource.route,
        "visibility": resource.visibility,
        "permission": resource.permission,
        "options": ", ".join(resource.options),
        "n_columns": len(resource.schema.columns),
        "billed": resource.billed,
        "source": resource.source,
    }


def _options(resource: Resource) -> Iterable[dict[str, object]]:
    for name in (*resource.options, *COMMON):
        yield {
            "kind": "option",
            "name": name,
            "dtype": "",
            "unit": "",
            "required": name in resource.required,
            "meaning": OPTIONS[name].meaning,
        }


def _columns(resource: Resource) -> Iterable[dict[str, object]]:
    for column in resource.schema.columns:
        yield {
            "kind": "column",
            "name": column.name,
            "dtype": column.dtype,
            "unit": column.unit,
            "required": column.required,
            "meaning": column.meaning,
        }


def _texts(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def markdown() -> str:
    """Return the table of resources as the README shows it: the ways to list a thing in one row."""
    lines = ["| resource | what | API |", "|---|---|---|"]
    for _, alike in groupby(RESOURCES, key=_kind):
        group = list(alike)
        paths = ", ".join(f"`{resource.path}`" for resource in group)
        lines.append(f"| {paths} | {group[0].meaning} | {group[0].visibility} |")
    lines.append("| `/api/…`, `/auth/…` | any route as it is, its columns inferred | |")
    return "\n".join(lines)


def _kind(resource: Resource) -> object:
    """Return what tells resources apart that are read in ways of their own."""
    is_plain = resource.envelope.shape is None and not resource.options
    head = resource.path.partition("/")[0]
    return (head, resource.schema.name) if is_plain else resource.path
