"""A plain HTTP client for the sandbox's tests: the standard library, one connection, no retries."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from reinfer_pandas.sandbox import Server
from reinfer_pandas.sandbox.dice import ident

CLAIMS = "/api/_private/datasets/acme/claims"
CLAIMS_V1 = "/api/v1/datasets/acme/claims"
INBOX_ID = ident("source", "acme/inbox")
RECENT = {"kind": "recent"}
TEXT = {"messages": [{"body": {"text": "Where does claim CLM-2000000 stand? I paid £12.50"}}]}
MAIL = {
    "raw_email": {
        "headers": {
            "raw": "From: a@b.example\r\nTo: c@d.example\r\nSubject: Cancel\r\n"
            "Date: Wed, 01 Oct 2025 07:54:39 +0000\r\n\r\n"
        },
        "body": {"plain": "Please cancel POL-12345-B"},
    }
}


@dataclass(frozen=True)
class Said:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def server_ms(self) -> float:
        return float(self.headers["server-timing"].removeprefix("total;dur="))


class Talk:
    """Asks one server, over one connection."""

    def __init__(self, server: Server) -> None:
        url = urlsplit(server.endpoint)
        self.line = HTTPConnection(url.hostname, url.port, timeout=5)
        self._base = url.path
        self._auth = {"Authorization": f"Bearer {server.token}"}

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> Said:
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        payload = None if body is None else json.dumps(body).encode()
        sent = {**self._auth, "Content-Type": "application/json", **(headers or {})}
        self.line.request(method, f"{self._base}{path}{query}", payload, sent)
        answer = self.line.getresponse()
        raw = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        if found.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        return Said(answer.status, found, raw)

    def get(self, path: str, **params: object) -> Any:
        return self._ok(self.ask("GET", path, **params))

    def post(self, path: str, body: object, **params: object) -> Any:
        return self._ok(self.ask("POST", path, body, **params))

    def _ok(self, said: Said) -> Any:
        assert said.status == 200, said.body
        assert said.json["status"] == "ok"
        return said.json


@contextmanager
def talking_to(server: Server) -> Iterator[Talk]:
    talk = Talk(server)
    try:
        yield talk
    finally:
        talk.line.close()


def all_results(talk: Talk, **body: object) -> list[dict]:
    """Return all comments that a query of the claims gives, the newest first."""
    found = talk.post(f"{CLAIMS}/query", {"order": RECENT, "limit": 512, **body})
    rows = found["results"]
    while "continuation" in found:
        more = {"order": RECENT, "limit": 512, "continuation": found["continuation"], **body}
        found = talk.post(f"{CLAIMS}/query", more)
        rows += found["results"]
    return rows


def joined(name: str | list[str]) -> str:
    """Return a label's joined name."""
    return name if isinstance(name, str) else " > ".join(name)


def names(row: dict) -> list[str]:
    """Return the labels that people gave a comment."""
    return [joined(label["name"]) for label in row["labelling"][0]["assigned"]]
