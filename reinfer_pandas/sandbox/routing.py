"""Which route a path means: templates, placeholders, and both spellings of ``project/name``.

Source: Re:infer API guide, addressing. A path holds a resource's full name as two segments, or as
one with ``%2F`` in it; ids stand behind ``id:``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reinfer_pandas.sandbox.answers import Answer, Call, RefusedError

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.world import World

Handler = Callable[["World", Call], Answer]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
_SHAPES: Mapping[str, str] = {
    "owner": r"[A-Za-z0-9\-_.]{1,1024}",
    "name": r"[A-Za-z0-9\-_]{1,256}",
    "kind": "streams|triggers",
    "stream": r"[A-Za-z0-9\-_]{1,256}",
    "id": r"[0-9a-f]+",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table: what is asked, and who answers.

    Attributes
    ----------
    method : str
        HTTP method.
    template : str
        The path, with ``{placeholders}``.
    handler : callable
        Gets the world and the call.
    """

    method: str
    template: str
    handler: Handler


class Router:
    """Finds the route of a request.

    Parameters
    ----------
    routes : sequence of Route
        The table; the first that fits is taken.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(route, _compile(route.template)) for route in routes]

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Return who answers, and what the placeholders stand for.

        Parameters
        ----------
        method : str
            HTTP method.
        path : str
            As sent, percent-encoded, below the base.

        Raises
        ------
        RefusedError
            404 for a path that no route has, 405 for another method or an empty segment.
        """
        for spelling in dict.fromkeys((path, _ENCODED_SLASH.sub("/", path))):
            fits = self._fits(spelling)
            for route, names in fits:
                if route.method == method:
                    return route.handler, names
            if fits:
                raise RefusedError(405)
        raise RefusedError(405 if "//" in path or path.endswith("/") else 404)

    def _fits(self, path: str) -> list[tuple[Route, dict[str, str]]]:
        """Return the routes that a path fits, whatever their method."""
        text = "\0".join(map(unquote, path.split("/")))
        matches = ((route, pattern.fullmatch(text)) for route, pattern in self._routes)
        return [(route, match.groupdict()) for route, match in matches if match]


def _compile(template: str) -> re.Pattern[str]:
    """Turn a template into a pattern of the decoded segments, joined by NUL."""
    parts = _PLACEHOLDER.split(template.replace("/", "\0"))
    shaped = [
        f"(?P<{part}>{_SHAPES.get(part, _ANYTHING)})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(shaped), re.DOTALL)


_ANYTHING = r"[^\0]+"
