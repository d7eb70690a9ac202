"""Names held against what there is, before a read that would come back empty for a wrong one.

The platform takes sources by their ids alone, and finds no comment with a label or a user property
that doesn't exist without saying so.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reinfer_pandas._planning.options import checked_options
from reinfer_pandas.exceptions import APIError, ConfigurationError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import pandas as pd

    Read = Callable[[str], pd.DataFrame]

SOURCE_ID = re.compile(r"[0-9a-f]{16}")


def looked_up(path: str, options: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
    """Return the options of a read, with ids in place of names.

    Parameters
    ----------
    path : str
        Resource path.
    options : Mapping of str to object
        As the user gave them.
    read : callable
        Reads a resource.

    Raises
    ------
    ConfigurationError
        An option is wrong, which is found before any request; or there is no such source, label or
        user property in the dataset.
    """
    resource, names, values = checked_options(path, options)
    if "dataset" not in names:
        return options
    dataset = f"datasets/{names['project']}/{names['dataset']}"
    if "user_properties" in values:
        _check_properties(dataset, values["user_properties"], read)
    is_filtered = resource.options.get("labels") == "json.attribute_filters[]"
    if is_filtered and {"labels", "exclude_labels"} & set(values):
        _check_labels(dataset, values, read)
    if "sources" in values or resource.batch == ("sources", 1):
        ids = _source_ids(dataset, values.get("sources"), names["project"], read)
        return {**options, "sources": ids}
    return options


def _known(resource: str, read: Read) -> pd.DataFrame | None:
    """Return what there is; None where the platform doesn't tell, since this is only a check."""
    try:
        return read(resource)
    except (APIError, ResponseError):
        return None


def _check_labels(dataset: str, values: Mapping[str, Any], read: Read) -> None:
    found = _known(f"{dataset}/label-defs", read)
    if found is None:
        return
    known = {parent for name in found["name"] for parent in _with_parents(name)}
    for option, key in (("labels", "any_of"), ("exclude_labels", "none_of")):
        for condition in values.get(option, ()):
            for name in condition["filter"][key]:
                _check_known(option, name, known, f"label in {dataset}")


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(" > ")
    for depth in range(1, len(parts) + 1):
        yield " > ".join(parts[:depth])


def _check_properties(dataset: str, wanted: Mapping[str, Any], read: Read) -> None:
    found = _known(f"{dataset}/user-properties", read)
    if found is None:
        return
    known = set(found["full_name"])
    for full_name in wanted:
        kind, _, name = full_name.partition(":")
        other, what = ("number", "a number") if kind == "string" else ("string", "text")
        if full_name not in known and f"{other}:{name}" in known:
            raise ConfigurationError(
                f"user_properties: {name!r} is {what} in {dataset}, and was given as a {kind}"
            )
        _check_known("user_properties", full_name, known, f"user property in {dataset}")


def _check_known(option: str, name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=3)
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else None
        raise ConfigurationError(f"{option}: there is no {what} called {name!r}", hint=hint)


def _source_ids(
    dataset: str, wanted: Sequence[str] | None, project: str, read: Read
) -> Sequence[str]:
    """Return the ids of a dataset's sources: those wanted, or all."""
    of_dataset = list(read(dataset)["source_ids"].iloc[0] or ())
    if wanted is None:
        return of_dataset
    found = [name if SOURCE_ID.fullmatch(name) else _id_of(name, project, read) for name in wanted]
    for name, source_id in zip(wanted, found, strict=True):
        if source_id not in of_dataset:
            raise ConfigurationError(f"sources: {name!r} isn't a source of {dataset}")
    return list(dict.fromkeys(found))


def _id_of(name: str, project: str, read: Read) -> str:
    """Return the id of a source, named with its project or in the dataset's own."""
    return str(read(f"sources/{name if '/' in name else f'{project}/{name}'}")["id"].iloc[0])
