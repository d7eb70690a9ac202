"""A reply on its way out: what is sent, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from reinfer_pandas.sandbox.answers import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out, and how.

    Attributes
    ----------
    status : int
        HTTP status.
    body : bytes
        Before compression.
    content_type : str
        Of the body.
    headers : Mapping of str to str
        Any others; a value of several lines stands for several fields.
    timing : str or None
        The header ``Server-Timing``; empty for what was measured, None for no header.
    delivery : str
        How the bytes go out.
    seconds : float
        How long it takes, where the delivery is slow [s].
    sent_cursor : str or None
        The continuation that the request held.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    timing: str | None = ""
    delivery: str = "whole"
    seconds: float = 0.0
    sent_cursor: str | None = None


def reason(status: int) -> str:
    """Return a status in words."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
