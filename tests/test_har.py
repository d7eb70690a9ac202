"""Tests of the HTTP Archive, against the structure that HAR 1.2 demands."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest
from scripted import START, at

import reinfer_pandas as rp
from reinfer_pandas._analysing.har import to_har
from reinfer_pandas._log import dump_log, requests_frame
from reinfer_pandas._wire import Attempt
from reinfer_pandas.frames import tag

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
URL = re.compile(r"https://[!-~]+")  # RFC 3986: printable, no blanks
MESSAGE = {
    "httpVersion": str,
    "cookies": list,
    "headers": list,
    "headersSize": int,
    "bodySize": int,
}
# The members that HAR 1.2 doesn't call optional; the same as in the public schema (har-schema).
HAR: dict[str, Any] = {
    "log": {
        "version": str,
        "creator": {"name": str, "version": str},
        "entries": [
            {
                "startedDateTime": DATE_TIME,
                "time": float,
                "request": {**MESSAGE, "method": str, "url": URL, "queryString": list},
                "response": {
                    **MESSAGE,
                    "status": int,
                    "statusText": str,
                    "content": {"size": int, "mimeType": str},
                    "redirectURL": str,
                },
                "cache": {},
                "timings": {"send": float, "wait": float, "receive": float},
            }
        ],
    }
}
OPTIONAL = {"pages", "blocked", "dns", "connect", "ssl", "comment", "browser", "pageref"}


def validate(value: Any, schema: Any, place: str = "har") -> None:
    if isinstance(schema, dict):
        assert isinstance(value, dict), place
        assert schema.keys() <= value.keys(), (place, schema.keys() - value.keys())
        more = {key for key in value if key not in schema and not key.startswith("_")}
        assert more <= OPTIONAL, (place, more)
        for key, inner in schema.items():
            validate(value[key], inner, f"{place}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list), place
        for n, each in enumerate(value):
            validate(each, schema[0], f"{place}[{n}]")
    elif isinstance(schema, re.Pattern):
        assert schema.fullmatch(value), (place, value)
    else:
        wanted = (int, float) if schema is float else schema
        assert isinstance(value, wanted), (place, value)
        assert not isinstance(value, bool), place


def attempt(**facts: Any) -> Attempt:
    return Attempt(**{"started_at": START, "method": "GET", "path": "/api/v1/datasets", **facts})


def frame(*attempts: Attempt) -> pd.DataFrame:
    return tag(pd.DataFrame(), [attempts], resource="r", host="acme.reinfer.io", fetched_at=START)


KNOWN = attempt(
    number=2,
    status=200,
    server_ms=30.0,
    headers_ms=40.0,
    body_ms=5.0,
    elapsed_ms=45.0,
    waited_ms=100.0,
    body_bytes=321,
    rows=7,
    worker=3,
)
LOST = attempt(outcome="timeout", elapsed_ms=60_000.0)


def test_an_archive_has_what_har_demands() -> None:
    refused = attempt(status=429, outcome="http 429", retry_after_s=1.0, headers_ms=2.0)
    odd = attempt(status=599, outcome="http 599", waited_ms=0.0)
    archive = to_har(frame(KNOWN, LOST, refused, odd))
    validate(archive, HAR)
    assert len(archive["log"]["entries"]) == 4
    json.dumps(archive, allow_nan=False)


def test_its_validator_finds_what_is_wrong() -> None:
    for spoil in ("url", "bodySize"):
        archive = to_har(frame(KNOWN))
        del archive["log"]["entries"][0]["request"][spoil]
        with pytest.raises(AssertionError):
            validate(archive, HAR)


def test_times_add_up_as_har_has_them() -> None:
    entry = to_har(frame(KNOWN))["log"]["entries"][0]
    assert entry["timings"] == {"blocked": 100, "send": 0, "wait": 40, "receive": 5}
    assert entry["time"] == 145
    assert pd.Timestamp(entry["startedDateTime"]) == pd.Timestamp(at(-100))
    assert (entry["_server_ms"], entry["_worker"], entry["_attempt"]) == (30, 3, 2)


def test_what_is_not_known_is_said_as_har_has_it() -> None:
    entry = to_har(frame(LOST))["log"]["entries"][0]
    assert (entry["response"]["status"], entry["response"]["bodySize"]) == (0, -1)
    assert entry["timings"]["wait"] == 60_000
    assert "_rows" not in entry


def test_addresses_have_the_tenants_host_where_it_is_known() -> None:
    url = "https://acme.reinfer.io/api/v1/datasets"
    assert to_har(frame(KNOWN))["log"]["entries"][0]["request"]["url"] == url
    log = requests_frame(dump_log([[KNOWN]]))
    assert "tenant.invalid" in to_har(log)["log"]["entries"][0]["request"]["url"]


def test_a_file_of_a_real_read_reads_back_in_order_without_secrets(tmp_path: Any) -> None:
    path = tmp_path / "read.har"
    with rp.sandbox(comments=200) as client:
        client.read("datasets/acme/claims/comments", page_size=16, start="2025-11-01")
        token = client._settings.token.reveal()
        archive = to_har(client, path)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == archive
    assert token not in text
    assert "Bearer" not in text
    validate(archive, HAR)
    begun = [pd.Timestamp(entry["startedDateTime"]) for entry in archive["log"]["entries"]]
    assert begun == sorted(begun)
    assert len(begun) > 3
