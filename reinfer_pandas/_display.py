"""What a client and a frame's accessor show of themselves in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.client import Client

_CELL = "text-align: left; padding: 0.1em 1.2em 0.1em 0"


def show_client(client: Client) -> str:
    """Return a client's facts as HTML."""
    settings, attempts = client.settings, client.requests()
    n_requests = int(attempts["request"].nunique())
    server_ms = attempts["server_ms"].sum(min_count=1)
    spent_ms = attempts["elapsed_ms"].sum() + attempts["waited_ms"].sum()
    return _table(
        "reinfer_pandas.Client",
        {
            "endpoint": settings.endpoint,
            "token": f"{settings.token}, from {settings.token_from}",
            "requests": f"{n_requests:,}",
            "retries": f"{len(attempts) - n_requests:,}",
            "errors": f"{(attempts['outcome'] != 'ok').sum():,}",
            **server_facts(None if server_ms != server_ms else server_ms, spent_ms),
        },
    )


def show_frame(tag: Mapping[str, Any], n_rows: int, verdict: str) -> str:
    """Return a frame's tag as HTML, under what bounded the read."""
    return _table(f"df.reinfer: {verdict}", frame_facts(tag, n_rows))


def frame_facts(tag: Mapping[str, Any], n_rows: int) -> dict[str, str]:
    """Return what to tell of a frame: where it came from, and how long that took."""
    return {
        "resource": f"{tag['resource']} at {tag['host']}",
        "rows": f"{n_rows:,}",
        "requests": f"{tag['n_requests']:,}",
        "retries": f"{tag['n_retries']:,}",
        **server_facts(tag["server_ms"], tag["elapsed_ms"] + tag["waited_ms"]),
        "fetched at": tag["fetched_at"],
    }


def server_facts(server_ms: float | None, spent_ms: float) -> dict[str, str]:
    """Return the server's time and its share of all time spent, waits and failures included."""
    if server_ms is None:
        return {"server time": "unknown", "share of server time": "unknown"}
    share = f"{server_ms / spent_ms:.0%}" if spent_ms else "unknown"
    return {"server time": f"{server_ms:,.1f} ms", "share of server time": share}


def _table(title: str, facts: Mapping[str, str]) -> str:
    """Return facts as a small table in the theme's own colours, everything escaped."""
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL}">{escape(name)}</th>'
        f'<td style="{_CELL}">{escape(str(value))}</td></tr>'
        for name, value in facts.items()
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"
