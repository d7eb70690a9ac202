"""The catalogue: every resource, found by its path.

Source: Re:infer API guide, one page for each group of routes.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reinfer_pandas._catalogue.resources.buckets import BUCKETS
from reinfer_pandas._catalogue.resources.datasets import DATASETS
from reinfer_pandas._catalogue.resources.figures import FIGURES
from reinfer_pandas._catalogue.resources.models import MODELS
from reinfer_pandas._catalogue.resources.sources import SOURCES
from reinfer_pandas._catalogue.resources.streams import STREAMS
from reinfer_pandas._catalogue.resources.tenant import TENANT
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reinfer_pandas._catalogue.resource import Resource

RESOURCES: tuple[Resource, ...] = (
    *SOURCES,
    *DATASETS,
    *FIGURES,
    *MODELS,
    *STREAMS,
    *TENANT,
    *BUCKETS,
)


def find(path: str) -> tuple[Resource, dict[str, str]]:
    """Return the resource that a path names, and the names in it.

    Parameters
    ----------
    path : str
        For example ``datasets/acme/claims/comments``.

    Raises
    ------
    ConfigurationError
        No resource has such a path, or a name in it can't be one.

    Examples
    --------
    >>> resource, names = find("sources/acme/inbox/comments")
    >>> resource.path, names
    ('sources/{project}/{source}/comments', {'project': 'acme', 'source': 'inbox'})
    """
    for resource in RESOURCES:
        if found := _pattern(resource.path).fullmatch(path):
            names = found.groupdict()
            for name in names.values():
                _check_name(name, path)
            return resource, names
    raise ConfigurationError(f"there is no resource {path!r}", hint=_nearest(path))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of a resource path: a name is anything but a slash.

    A project's name isn't an id: there, the platform takes ``id:`` for one.
    """
    escaped = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    named = escaped.replace("/{project}", "/(?P<project>(?!id:)[^/]+)")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", named))


def _check_name(name: str, path: str) -> None:
    """Refuse the names that a URL can't carry: ``.`` and ``..`` are steps, not names."""
    if name in (".", ".."):
        raise ConfigurationError(f"{name!r} in {path!r} can't be the name of anything")


def _nearest(path: str) -> str:
    """Return the resources that the user may have meant, as a sentence."""
    given = path.strip("/").split("/")
    if any(segment.startswith("id:") for segment in given[:-1]):
        return (
            "An id stands for a source or dataset itself: read it by its id, then use its owner "
            "and name for what belongs to it."
        )
    candidates = {"/".join(_filled(resource.path, given)) for resource in RESOURCES} - {path}
    near = get_close_matches("/".join(given), sorted(candidates), n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(map(repr, near))}?"
    return f"Resources are: {', '.join(resource.path for resource in RESOURCES)}."


def _filled(template: str, given: Sequence[str]) -> Iterator[str]:
    """Yield a resource path's segments, with the names that the user gave where it takes names."""
    for segment, name in zip_longest(template.split("/"), given[: template.count("/") + 1]):
        yield name if name and segment.startswith("{") else segment


def by_route(method: str, path: str) -> Resource | None:
    """Return the resource whose route a raw path is, if it is catalogued."""
    for resource in RESOURCES:
        if resource.method == method and _pattern(resource.route).fullmatch(path):
            return resource
    return None


def check_raw_path(path: str) -> None:
    """Refuse a raw path that isn't one of the API's, or that could reach another.

    Raises
    ------
    ConfigurationError
        It doesn't begin with ``/api/`` or ``/auth/``, or holds ``..``, ``?`` or ``#``.
    """
    if not path.startswith(("/api/", "/auth/")):
        raise ConfigurationError(f"{path!r} isn't a raw path: those begin with /api/ or /auth/")
    if {".", ".."} & set(unquote(path).split("/")):
        raise ConfigurationError(f"{path!r} holds steps (. or ..), which could reach another route")
    if not path.isascii() or not path.isprintable() or set(path) & set(" ?#\\"):
        raise ConfigurationError(
            f"{path!r} must be percent-encoded, and its query given as params=",
            hint="For example read_reinfer('/api/v1/datasets', params={'name': 'value'}).",
        )
