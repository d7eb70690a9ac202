"""The resources: one row for each, with its route, its options and its columns.

Source: Re:infer API guide, one page for each group of routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from reinfer_pandas import _schema
from reinfer_pandas._records import AnnotatedComment, Comment
from reinfer_pandas._wire import Envelope, Paging, Request
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from reinfer_pandas._schema import Schema

NO_OPTIONS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What can be read, and how.

    Attributes
    ----------
    path : str
        The resource path, names in braces.
    method, route : str
        HTTP method and API path.
    schema : Schema
        Columns of its frames.
    envelope : Envelope
        Where its records are in an answer.
    permission : str
        The permissions that it needs, as the platform names them.
    paging : Paging, optional
        How it goes on; None where one answer holds all.
    max_page_size : int
        The largest page that the platform gives [rows]; also what is asked for by default.
    options : Mapping of str to str
        Options of its own, and where each goes: ``params.limit``, ``json.filter.reviewed``.
    body : Mapping, optional
        What the request's body always holds.
    order : int
        1 where its rows come oldest first, -1 where newest first, 0 where time doesn't order them.
    """

    path: str
    method: str = "GET"
    route: str
    schema: Schema
    envelope: Envelope
    permission: str
    paging: Paging | None = None
    max_page_size: int = 0
    options: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)
    body: Mapping[str, Any] | None = None
    order: int = 0

    @property
    def visibility(self) -> str:
        """``public``, or ``private``: used by the official client, promised by no guide."""
        return "private" if "/_private/" in self.route else "public"


_LISTED_TIMES = {"start": "params.from_timestamp", "end": "params.to_timestamp"}
_FILTERED_TIMES = {
    "start": "json.filter.timestamp.minimum",
    "end": "json.filter.timestamp.maximum",
}
_COUNTED_TIMES = {
    "start": "json.comment_filter.timestamp.minimum",
    "end": "json.comment_filter.timestamp.maximum",
}


def _one_or_all(plural: str, singular: str, schema: Schema, permission: str) -> Iterator[Resource]:
    """Yield the four ways to list sources and datasets: all, a project's, by id, by name."""
    for tail, key in (
        ("", plural),
        ("/id:{id}", singular),
        ("/{project}", plural),
        (f"/{{project}}/{{{singular}}}", singular),
    ):
        yield Resource(
            path=f"{plural}{tail}",
            route=f"/api/v1/{plural}{tail}",
            schema=schema,
            envelope=Envelope(key),
            permission=permission,
        )


RESOURCES: tuple[Resource, ...] = (
    *_one_or_all("sources", "source", _schema.SOURCE, "View sources"),
    Resource(
        path="sources/{project}/{source}/comments",
        route="/api/_private/sources/{project}/{source}/comments",
        schema=_schema.COMMENT,
        envelope=Envelope("comments", "continuation", Comment),
        permission="View sources",
        paging=Paging("after", drops=("from_timestamp",)),
        max_page_size=256,
        options={**_LISTED_TIMES, "page_size": "params.limit"},
        order=1,
    ),
    Resource(
        path="sources/{project}/{source}/statistics",
        method="POST",
        route="/api/v1/sources/{project}/{source}/statistics",
        schema=_schema.SOURCE_STATISTICS,
        envelope=Envelope("statistics"),
        permission="View sources",
        options=_COUNTED_TIMES,
        body={"comment_filter": {}},
    ),
    *_one_or_all("datasets", "dataset", _schema.DATASET, "View labels"),
    Resource(
        path="datasets/{project}/{dataset}/comments",
        method="POST",
        route="/api/_private/datasets/{project}/{dataset}/query",
        schema=_schema.ANNOTATED_COMMENT,
        envelope=Envelope("results", "continuation", AnnotatedComment),
        permission="View labels and View sources",
        paging=Paging(ends_when_empty=True),
        max_page_size=512,
        options={**_FILTERED_TIMES, "page_size": "json.limit"},
        body={"filter": {}, "order": {"kind": "recent"}},
        order=-1,
    ),
    Resource(
        path="auth/user",
        route="/auth/user",
        schema=_schema.USER,
        envelope=Envelope("user"),
        permission="any valid token",
    ),
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


def _pattern(template: str) -> re.Pattern[str]:
    """Return the pattern of a resource path: a name is anything but a slash, and not an id."""
    escaped = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    named = re.sub(r"/\{(\w+)\}", r"/(?P<\1>(?!id:)[^/]+)", escaped)
    return re.compile(re.sub(r":\{(\w+)\}", r":(?P<\1>[^/]+)", named))


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


def request_for(
    resource: Resource, names: Mapping[str, str], values: Mapping[str, Any], *, path: str
) -> Request:
    """Return the first request for a resource.

    Parameters
    ----------
    resource : Resource
        What to read.
    names : Mapping of str to str
        Names in its path; they are percent-encoded here.
    values : Mapping of str to object
        Its options as JSON values, those given.
    path : str
        The resource path as the user gave it.
    """
    params: list[tuple[str, str]] = []
    body = _copy(resource.body) if resource.body is not None else None
    for option, value in values.items():
        place, *keys = resource.options[option].split(".")
        if place == "params":
            params.append((keys[0], str(value)))
        else:
            _put(body, keys, value)
    quoted = {key: quote(name, safe="") for key, name in names.items()}
    return Request(
        method=resource.method,
        path=resource.route.format_map(quoted),
        params=tuple(params),
        json=body,
        resource=path,
        permission=resource.permission,
        envelope=resource.envelope,
    )


def _copy(value: Any) -> Any:
    """Return a JSON value whose objects can be filled without touching the catalogue's."""
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _put(body: Any, keys: list[str], value: Any) -> None:
    """Put a value at the end of a path of keys."""
    for key in keys[:-1]:
        body = body.setdefault(key, {})
    body[keys[-1]] = value


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
