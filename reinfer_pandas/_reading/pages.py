"""What comes after a page.

Source: Re:infer API guide, pagination: a continuation is opaque, and sent back byte for byte.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from reinfer_pandas._columns.decode import decode_records
from reinfer_pandas._columns.typed import learn
from reinfer_pandas._sending.envelope import about
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Collection

    from reinfer_pandas._wire import Paging, Request, Response


def next_request(
    request: Request, response: Response, paging: Paging | None, seen: Collection[str]
) -> tuple[Request | None, str | None]:
    """Return the request for the page after one, and its continuation; None after the last.

    Where a read is several requests one after the other, the next of them, which has no
    continuation, follows the last page.

    Parameters
    ----------
    request, response : Request, Response
        The page's.
    paging : Paging or None
        None where the route answers in one page.
    seen : collection of str
        The continuations that came before.

    Raises
    ------
    ResponseError
        A continuation that was given before comes again: an endless loop.
    """
    cursor = _cursor(request, response, paging)
    if paging is None or cursor is None or (paging.ends_when_empty and not response.n_rows):
        return request.then, None
    if cursor in seen:
        raise _endless(request, response)
    after = response.attempts[-1].started_at if response.attempts else None
    return replace(_following(request, paging, cursor), after=after), cursor


class _Versioned(msgspec.Struct, gc=False):
    version: int


learn(_Versioned)


def _cursor(request: Request, response: Response, paging: Paging | None) -> str | None:
    """Return what the next page is asked for by; None after the last.

    Where that is a version, nothing but a page shorter than asked for tells that it is the last.
    """
    if paging is None or not paging.older_than:
        return response.cursor
    try:
        versions = [one.version for one in decode_records(response.records, _Versioned)]
    except ResponseError as error:
        raise about(error, request, response) from None
    is_short = len(versions) < (request.json or {}).get("limit", 1)
    return None if is_short else str(min(versions))


def _following(request: Request, paging: Paging, cursor: str) -> Request:
    if paging.older_than:
        return replace(request, json={**(request.json or {}), paging.older_than: int(cursor)})
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
