"""Answers to pages or errors: whether it worked, what the platform or a gateway said, what to do.

Source: Re:infer API guide, errors; UiPath Communications Mining, API overview.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from reinfer_pandas._columns.decode import read_page
from reinfer_pandas._sending.retry import parse_retry_after
from reinfer_pandas._wire import Envelope
from reinfer_pandas.exceptions import APIError, ResponseError, error_class

if TYPE_CHECKING:
    from reinfer_pandas._wire import Page, Request, Response, Send

Redact = Callable[[str], str]

EXCERPT = 200
"""How much of a body that isn't the platform's is shown [characters]."""

_HINTS: Mapping[int, str] = {
    400: "Check the options against resources() and the names against the platform.",
    401: (
        "One API token is active per user, and generating a new one ends the old one: copy the "
        "current token from Manage Account, then set REINFER_TOKEN, call login() or pass token=."
    ),
    404: "Check the names: read_reinfer('datasets') and read_reinfer('sources') list yours.",
    408: "The request took too long to arrive: try again, or look at the network's way out.",
    409: "What is stored conflicts with this request; the platform's message says how.",
    413: "Ask for less at once: a smaller page_size.",
    422: "The request is well-formed, but a value in it isn't one that this route takes.",
    429: "Too many requests: wait, use fewer workers, or ask for larger pages.",
    501: "The platform doesn't know how to do this; trying again won't help.",
}
_REFUSED = "The platform, or a proxy before it, refuses this request; its message says why."
_PLATFORM_FAULT = (
    "A fault of the platform or of a gateway before it, not of the request: try again later."
)


def checked(
    send: Send,
    *,
    redact: Redact = str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Send:
    """Return a `Send` whose responses are successes, read as their request's envelope says.

    Parameters
    ----------
    send : Send
        Sends once and returns any status.
    redact : callable
        Blots the token out of a text: a server may echo what it was sent.
    now : callable
        The time, for a ``Retry-After`` that is a date.

    Raises
    ------
    APIError
        The status isn't 2xx.
    ResponseError
        It is, but the body isn't what the contract says.
    """

    def checked_send(request: Request) -> Response:
        response = send(request)
        if not 200 <= response.status < 300:
            raise _api_error(request, response, redact, now())
        if request.envelope is None:
            return response
        try:
            page = parsed(response.body, request)
        except ResponseError as error:
            shown = _not_the_platform(error, response, redact)
            raise about(shown, request, response) from None
        measured = replace(response.attempts[-1], rows=page.n_rows)
        return replace(response, page=page, attempts=(*response.attempts[:-1], measured))

    return checked_send


def parsed(body: bytes, request: Request) -> Page:
    """Return the page that a body holds, with what was asked for beside it."""
    if request.envelope is None or request.parse is None:
        return read_page(body, request.envelope or Envelope())
    page = request.parse(body)
    return replace(page, beside={**page.beside, "asked": request.envelope.asked})


def _api_error(request: Request, response: Response, redact: Redact, now: datetime) -> APIError:
    """Return the error that an answer other than 2xx stands for."""
    return error_class(response.status)(
        _message(response, redact),
        hint=_hint(request, response.status),
        status_code=response.status,
        method=request.method,
        path=request.path,
        reason=f"http {response.status}",
        server_timing_ms=response.attempts[-1].server_ms,
        retry_after_s=parse_retry_after(response.headers.get("retry-after"), now=now),
        log=response.attempts,
    )


def about(error: ResponseError, request: Request, response: Response) -> ResponseError:
    """Return the error with what was asked and what came back."""
    last = replace(response.attempts[-1], outcome=error.reason or "not json")
    return ResponseError(
        f"answered {response.status}, but {error.message}",
        hint=error.hint,
        status_code=response.status,
        method=request.method,
        path=request.path,
        reason=error.reason,
        server_timing_ms=last.server_ms,
        log=(*response.attempts[:-1], last),
    )


def _not_the_platform(error: ResponseError, response: Response, redact: Redact) -> ResponseError:
    """Return the error with the beginning of a body that isn't the platform's."""
    if error.reason in ("missing key", "wrong type"):
        hint = (
            "The platform may have changed: please report this, with the version of this package."
        )
        return ResponseError(redact(error.message), reason=error.reason, hint=hint)
    shown = f". It begins: {_excerpt(response.body, redact)}" if response.body.strip() else ""
    hint = "Is the endpoint that of a tenant? A proxy or a sign-in page may stand before it."
    return ResponseError(f"{redact(error.message)}{shown}", reason=error.reason, hint=hint)


def _hint(request: Request, status: int) -> str:
    if status == 403:
        need = (
            f"This route needs {request.permission}" if request.permission else "Permission lacks"
        )
        return f"{need}; yours are listed under Manage Account, and an administrator grants more."
    hint = _HINTS.get(status) or (_PLATFORM_FAULT if status >= 500 else _REFUSED)
    is_wrong = status in (400, 404, 422) and request.options
    return f"{hint} It was asked with {request.options}." if is_wrong else hint


def _message(response: Response, redact: Redact) -> str:
    """Return the platform's own message, or what a gateway said, named as such."""
    try:
        answer = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("message"), str):
        return _one_line(redact(answer["message"]))
    if not response.body.strip():
        return "an empty body, so not the platform's own answer"
    kind = response.headers.get("content-type", "no content type").partition(";")[0]
    return (
        f"{_excerpt(response.body, redact)} ({kind}, not the platform's own answer: "
        "a gateway's or proxy's)"
    )


def _excerpt(body: bytes, redact: Redact) -> str:
    """Return the beginning of a body as one line of text, an HTML page as its words.

    The token is blotted out before anything is cut, so that no half of it can show.
    """
    text = redact(body[: 100 * EXCERPT].decode("utf-8", "replace"))[: 20 * EXCERPT]
    if "<html" in text.lower() or "<!doctype html" in text.lower():
        text = re.sub(
            r"<(script|style)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE
        )
    return _one_line(text)


def _one_line(text: str) -> str:
    """Return the first characters of a text, without line breaks and control characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= EXCERPT else f"{words[: EXCERPT - 1]}…"
