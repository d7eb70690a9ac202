"""A stream's cursor, moved on: the one thing here that changes anything on the platform."""

from __future__ import annotations

from urllib.parse import quote

from reinfer_pandas._catalogue import catalogue
from reinfer_pandas._wire import Envelope, Request
from reinfer_pandas.exceptions import ConfigurationError

_TAILS = ("/fetch", "/results")


def advance_request(resource: str, sequence_id: str) -> Request:
    """Return the request that moves a stream's cursor behind what has been dealt with.

    Parameters
    ----------
    resource : str
        The stream, or what was read of it.
    sequence_id : str
        How far.

    Raises
    ------
    ConfigurationError
        The resource isn't a stream, or the sequence id isn't one.

    Notes
    -----
    It may be sent twice: the same sequence id moves the cursor to the same place.
    Source: Re:infer API guide, streams.
    """
    stream = resource
    for tail in _TAILS:
        stream = stream.removesuffix(tail)
    found, names = catalogue.find(stream)
    if "stream" not in names:
        raise ConfigurationError(f"{resource!r} isn't a stream: those are {found.path}/streams/…")
    if not isinstance(sequence_id, str) or not sequence_id:
        raise ConfigurationError(
            f"sequence_id={sequence_id!r}: give the text that a frame carries",
            hint="It is df.attrs['reinfer']['sequence_id'] of a whole batch.",
        )
    quoted = {key: quote(name, safe="") for key, name in names.items()}
    return Request(
        method="POST",
        path=f"{found.route}/advance".format_map(quoted),
        json={"sequence_id": sequence_id},
        resource=resource,
        permission="Consume streams and View labels",
        envelope=Envelope(),
    )
