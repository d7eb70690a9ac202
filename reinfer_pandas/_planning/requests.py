"""Requests made of a resource, the names in its path, and its options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reinfer_pandas._wire import Request
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from reinfer_pandas._catalogue.resource import Resource

LONGEST_TOLD = 200
"""How much of the options an error shows [characters]."""


def request_for(
    resource: Resource, names: Mapping[str, str], values: Mapping[str, Any], *, path: str
) -> Request:
    """Return the first request for a resource; where one can't take all, the others come after it.

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

    Raises
    ------
    ConfigurationError
        Two options say the same thing.
    """
    values = {**resource.defaults, **values}
    if resource.batch is None:
        return _request(resource, names, values, path)
    option, size = resource.batch
    following: Request | None = None
    for part in reversed(list(_parts(values.get(option, ()), size))):
        given = {**values, option: [value for _, value in part]}
        request = _request(resource, names, given, path)
        envelope = replace(resource.envelope, asked=tuple(part))
        following = replace(request, envelope=envelope, then=following)
    if following is None:
        raise ConfigurationError(f"{path!r} needs one or more {option}")
    return following


def _parts(values: Sequence[Any], size: int) -> Iterator[list[tuple[int, Any]]]:
    """Yield the values in parts, each value with its place among all."""
    numbered = list(enumerate(values))
    for start in range(0, len(numbered), size):
        yield numbered[start : start + size]


def _request(
    resource: Resource, names: Mapping[str, str], values: Mapping[str, Any], path: str
) -> Request:
    quoted = {key: quote(name, safe="") for key, name in names.items()}
    params = list(resource.params)
    body: dict[str, Any] = {}
    # What is given as it is comes first, so that the options are held against it.
    for option in sorted(values, key=lambda name: name != "filter"):
        place, _, rest = resource.options[option].partition(".")
        if place == "path":
            quoted[rest] = quote(str(values[option]), safe="")
        elif place == "params":
            params += [(rest, str(one)) for one in _each(values[option])]
        elif place == "json":
            _put(body, rest.split("."), values[option], option)
    has_body = resource.body is not None
    return Request(
        method=resource.method,
        path=resource.route.format_map(quoted),
        params=tuple(params),
        json={**_copy(resource.body), **body} if has_body else None,
        idempotent=not resource.billed or bool(values.get("idempotent")),
        resource=path,
        permission=resource.permission,
        envelope=resource.envelope,
        options=_told(values),
    )


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _copy(value: Any) -> Any:
    """Return a JSON value whose objects can be filled without touching the catalogue's."""
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _put(body: dict[str, Any], keys: Sequence[str], value: Any, option: str) -> None:
    """Put a value at the end of a path of keys, beside what is there."""
    *parents, last = keys
    for key in parents:
        body = body.setdefault(key, {})
        if not isinstance(body, dict):
            raise ConfigurationError(f"{option}= and filter= both say what {key!r} is")
    if last.endswith("[]"):
        body.setdefault(last[:-2], []).extend(value)
    elif isinstance(value, Mapping) and isinstance(body.get(last), dict):
        for key, inner in value.items():
            _put(body[last], [key], inner, option)
    elif last in body:
        raise ConfigurationError(f"{option}= and filter= both say what {last!r} is")
    else:
        body[last] = _copy(value)


def _told(values: Mapping[str, Any]) -> str:
    """Return the options as an error tells them; texts are left out."""
    shown = ", ".join(
        f"{name}={value!r}"
        for name, value in values.items()
        if name not in ("documents", "page_size", "uids")
    )
    return shown if len(shown) <= LONGEST_TOLD else f"{shown[: LONGEST_TOLD - 1]}…"
