"""What can be read, and how: one value for each resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas._columns.schema import Schema
    from reinfer_pandas._wire import Envelope, Paging

NO_OPTIONS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What can be read, and how.

    Attributes
    ----------
    path : str
        The resource path, names in braces.
    meaning : str
        What it is, in a line.
    method, route : str
        HTTP method and API path. Names that the path doesn't hold are options.
    schema : Schema
        Columns of its frames.
    envelope : Envelope
        Where its records are in an answer.
    permission : str
        The permissions that it needs, as the platform names them.
    source : str
        Where the route is described.
    paging : Paging, optional
        How it goes on; None where one answer holds all.
    max_page_size : int
        The largest page that the platform gives [rows]; also what is asked for by default. 0 where
        it isn't known: then a page's size is the platform's choice, unless it is given.
    options : Mapping of str to str
        Options of its own, and where each goes: ``params.limit``, ``json.filter.reviewed``,
        ``json.attribute_filters[]`` for one of several, ``path.model_version``, and ``read`` where
        it changes how it is read.
    params : tuple of (str, str)
        What the query always holds.
    required : tuple of str
        Those that must be given.
    defaults : Mapping of str to object
        What others are where they aren't given.
    body : Mapping, optional
        What the request's body holds where no option says otherwise.
    batch : (str, int), optional
        The option whose values are too many for one request, and how many one takes.
    facts : Mapping of str to str
        What a frame's tag tells of the answer: name, and key beside the records.
    order : int
        1 where its rows come oldest first, -1 where newest first, 0 where time doesn't order them.
    billed : bool
        Whether the platform may charge for it. Then it isn't sent again after it may have arrived.
    """

    path: str
    meaning: str
    method: str = "GET"
    route: str
    schema: Schema
    envelope: Envelope
    permission: str
    source: str
    paging: Paging | None = None
    max_page_size: int = 0
    options: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)
    params: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    batch: tuple[str, int] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    order: int = 0
    billed: bool = False

    @property
    def visibility(self) -> str:
        """``public``, or ``private``: used by the official client, promised by no guide."""
        return "private" if "/_private/" in self.route else "public"


def filters(key: str) -> dict[str, str]:
    """Return the options of the comment filter that a body holds under a key."""
    return {
        "start": f"json.{key}.timestamp.minimum",
        "end": f"json.{key}.timestamp.maximum",
        "reviewed": f"json.{key}.reviewed",
        "user_properties": f"json.{key}.user_properties",
        "senders": f"json.{key}.messages.from",
        "recipients": f"json.{key}.messages.recipient",
        "sources": f"json.{key}.sources",
        "filter": f"json.{key}",
    }


ATTRIBUTES: Mapping[str, str] = dict.fromkeys(
    ("labels", "exclude_labels", "attachments", "attribute_filters"), "json.attribute_filters[]"
)
"""The options of the attribute filters, which only datasets have."""
