"""What comes after a page.

Source: Re:infer API guide, pagination: a continuation is opaque, and sent back byte for byte.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from reinfer_pandas._wire import Paging, Request, Response


def next_request(
    request: Request, response: Response, paging: Paging | None, seen: set[str]
) -> Request | None:
    """Return the request for the page after one; None after the last.

    Parameters
    ----------
    request, response : Request, Response
        The page's.
    paging : Paging or None
        None where the route answers in one page.
    seen : set of str
        The continuations that came before; this page's is added.

    Raises
    ------
    ResponseError
        A continuation that was given before comes again: an endless loop.
    """
    cursor = response.cursor
    if paging is None or cursor is None or (paging.ends_when_empty and not response.records):
        return None
    if cursor in seen:
        raise _endless(request, response)
    seen.add(cursor)
    return _following(request, paging, cursor)


def _following(request: Request, paging: Paging, cursor: str) -> Request:
    if not paging.param:
        return replace(request, json={**(request.json or {}), "continuation": cursor})
    kept = (pair for pair in request.params if pair[0] not in (paging.param, *paging.drops))
    return replace(request, params=(*kept, (paging.param, cursor)))


def _endless(request: Request, response: Response) -> ResponseError:
    return ResponseError(
        "the continuation of this page came before, so the pages would never end",
        hint="The rows read so far are in error.partial; report this to the platform's support.",
        status_code=response.status,
        method=request.method,
        path=request.path,
        reason="repeated continuation",
        server_timing_ms=response.server_timing_ms,
    )
