"""The log of requests as HTTP Archive 1.2, which browsers and other tools open.

Source: HAR 1.2 Spec, Jan Odvarko; W3C Web Performance Working Group, HTTP Archive (HAR) format.
"""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas._analysing.groups import listed
from reinfer_pandas._latency import pool
from reinfer_pandas._version import __version__

if TYPE_CHECKING:
    from os import PathLike

    from reinfer_pandas._latency import Sources

NOWHERE = "tenant.invalid"
"""The host of a log that doesn't say it; RFC 2606 keeps the name for what can't be reached."""
OWN = ("attempt", "outcome", "resource", "rows", "worker", "server_ms", "retry_after_s")
"""What the format has no field for: kept under its name with an underscore before it."""


def to_har(x: Sources, path: str | PathLike[str] | None = None) -> dict[str, Any]:
    """Return the log of requests as an HTTP Archive (HAR 1.2), and write it to a file.

    It holds no token, no header, no query and no body: those aren't in the log. The wait before an
    attempt is its ``blocked`` time, and the server's own time stands beside as ``_server_ms``.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        As for `latency`.
    path : path, optional
        The file to write, such as ``read.har``; an older one is replaced.

    Returns
    -------
    dict
        The archive, its entries in the order of time.

    Raises
    ------
    ConfigurationError
        Where a frame carries no request log.
    OSError
        The file can't be written.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("datasets")
    >>> entry = rp.to_har(df)["log"]["entries"][0]
    >>> entry["request"]["method"], entry["response"]["status"]
    ('GET', 200)
    """
    entries = [entry for source in listed(x) for entry in _entries(source)]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    creator = {"name": "reinfer_pandas", "version": __version__}
    archive = {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}}
    if path is not None:
        Path(path).write_text(json.dumps(archive, indent=1, ensure_ascii=False), encoding="utf-8")
    return archive


def _entries(source: Any) -> list[dict[str, Any]]:
    origin = f"https://{_host(source)}"
    attempts = pool(source).astype(object)
    rows = attempts.where(attempts.notna(), None).to_dict("records")
    return [_entry(row, origin) for row in rows]


def _host(source: Any) -> str:
    """Return the tenant that a frame or client read from, the first where there are several."""
    tag = source.attrs.get("reinfer") or {} if isinstance(source, pd.DataFrame) else {}
    settings = getattr(source, "settings", None)
    found = tag.get("host") or (settings.host if settings is not None else "")
    return str(found).split(",")[0].strip() or NOWHERE


def _entry(row: dict[Any, Any], origin: str) -> dict[str, Any]:
    """Return one attempt as an entry; a time that isn't known is in the one before it."""
    waited_ms, body_ms = row["waited_ms"] or 0.0, row["body_ms"] or 0.0
    # A clock that shows less than nothing has no place in the format.
    timings = {
        "blocked": max(0.0, waited_ms),
        "send": 0.0,
        "wait": max(0.0, row["elapsed_ms"] - body_ms),
        "receive": max(0.0, body_ms),
    }
    began_at = row["started_at"] - timedelta(milliseconds=timings["blocked"])
    return {
        "startedDateTime": began_at.isoformat(timespec="milliseconds"),
        "time": sum(timings.values()),
        "request": _request(row, origin),
        "response": _response(row),
        "cache": {},
        "timings": timings,
        **{f"_{name}": row[name] for name in OWN if row.get(name) is not None},
    }


def _request(row: dict[Any, Any], origin: str) -> dict[str, Any]:
    return {
        "method": row["method"],
        "url": f"{origin}{row['path']}",
        **_message(),
        "queryString": [],
        "bodySize": -1,
    }


def _response(row: dict[Any, Any]) -> dict[str, Any]:
    """Return what came back; where nothing did, the status is 0, as in browsers."""
    status, n_bytes = row["status"] or 0, row["body_bytes"]
    known = status in HTTPStatus._value2member_map_
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if known else "",
        **_message(),
        "content": {"size": n_bytes or 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "bodySize": -1 if n_bytes is None else n_bytes,
    }


def _message() -> dict[str, Any]:
    """Return what a request and an answer share: that nothing of their headers is kept."""
    return {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "headersSize": -1}
