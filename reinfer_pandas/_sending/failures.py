"""What can become of a request other than an answer, and how it is told.

Source: RFC 9110, 15.4 (redirects); RFC 9112, 8 (incomplete messages).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reinfer_pandas.exceptions import NetworkError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas._wire import Attempt


@dataclass(frozen=True, slots=True)
class _Story:
    """What is said of an outcome.

    Attributes
    ----------
    message : str
        What happened; ``{host}`` and ``{detail}`` are filled in.
    hint : str
        What to do next.
    error : type
        The class of the error.
    """

    message: str
    hint: str
    error: type[NetworkError | ResponseError] = NetworkError


_ENDPOINT = "Is the endpoint right (REINFER_ENDPOINT, show_config())?"
_NETWORK = "Check the network and the VPN, then try again."
_AGAIN = "Try again; if it persists, ask for less at once."
_PROXY = "See the proxy settings in the environment: HTTPS_PROXY, NO_PROXY."

_STORIES: Mapping[str, _Story] = {
    "dns": _Story("the name of {host} isn't known.", f"{_ENDPOINT} {_NETWORK}"),
    "refused": _Story("{host} refused the connection.", f"{_ENDPOINT} Is the server up?"),
    "unreachable": _Story("there is no way to {host}.", _NETWORK),
    "connect timeout": _Story("{host} accepted no connection in time.", f"{_NETWORK} {_PROXY}"),
    "proxy": _Story("the proxy before {host} made no connection.", _PROXY),
    "certificate": _Story(
        "the certificate of {host} can't be trusted.",
        "Where a company's proxy has its own certificates, set REQUESTS_CA_BUNDLE to their file.",
    ),
    "tls": _Story("no encrypted connection with {host} came about.", f"{_ENDPOINT} {_PROXY}"),
    "timeout": _Story(
        "{host} didn't answer in full in time.", f"{_AGAIN} Or set a longer timeout."
    ),
    "closed": _Story("{host} closed the connection without an answer.", _AGAIN),
    "reset": _Story("{host} broke the connection.", _AGAIN),
    "cut off": _Story("the answer of {host} broke off before its end.", _AGAIN),
    "stopped": _Story("the read ended before {host} answered.", "Read again."),
    "bad gzip": _Story("the compressed answer of {host} is damaged.", _AGAIN),
    "not http": _Story("what {host} answered isn't HTTP.", f"{_ENDPOINT} {_PROXY}"),
    "network": _Story("the connection with {host} failed.", _NETWORK),
    "too large": _Story(
        "the answer of {host} is larger than any page of data.",
        "Ask for less at once.",
        ResponseError,
    ),
    "encoding": _Story(
        "{host} compressed its answer by {detail}, which wasn't asked for.", _PROXY, ResponseError
    ),
    "redirect": _Story(
        "{host} redirects {detail}.",
        "If the tenant has moved, set REINFER_ENDPOINT to its new address.",
        ResponseError,
    ),
}


def failure(attempt: Attempt, *, host: str, detail: str = "") -> NetworkError | ResponseError:
    """Return the error that tells of a failed attempt.

    Parameters
    ----------
    attempt : Attempt
        Its outcome says what failed.
    host : str
        Where the request went.
    detail : str
        What the outcome alone doesn't tell.
    """
    story = _STORIES[attempt.outcome]
    return story.error(
        story.message.format(host=host, detail=detail),
        hint=story.hint,
        status_code=attempt.status,
        method=attempt.method,
        path=attempt.path,
        reason=attempt.outcome,
        elapsed_s=attempt.elapsed_ms / 1000,
        server_timing_ms=attempt.server_ms,
        log=(attempt,),
    )
