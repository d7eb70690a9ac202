"""Answers of the contract, spoilt at random: a frame, or an error of ours; never anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import reinfer_pandas as rp
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._reading.reading import Reading
from reinfer_pandas._sending.envelope import checked
from reinfer_pandas._wire import Attempt, Request, Response, Send

EXAMPLES = Path(__file__).parent / "examples"
READ = {
    "sources": "sources",
    "sources/acme/inbox/comments": "comments-page",
    "sources/acme/inbox/threads": "threads",
    "datasets": "datasets",
    "datasets/acme/claims/comments": "query-page",
    "datasets/acme/claims/export": "export-page",
    "datasets/acme/claims/statistics": "dataset-statistics",
    "datasets/acme/claims/summary": "dataset-summary",
    "datasets/acme/claims/user-properties": "user-properties",
    "datasets/acme/claims/labellers": "labellers",
    "datasets/acme/claims/validation": "validation-private",
    "datasets/acme/claims/streams": "streams",
    "datasets/acme/claims/streams/all/fetch": "stream-fetch",
    "datasets/acme/claims/streams/all/results": "stream-results",
    "buckets/acme/mail/emails": "bucket-emails",
    "audit_events": "audit",
    "users": "users",
    "auth/user": "current-user",
}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**70), 1e308, 0.5, "", "\ud83d", "2026-13-45T99:00:00Z", "é" * 300]),
    st.text(max_size=5),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.builds(lambda: {"text": {"text": []}}),
)


def places(value: Any, above: tuple = ()) -> Iterator[tuple]:
    """Yield the way to each value within another."""
    yield above
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*above, key))


@st.composite
def spoilt(draw: st.DrawFn, sound: bytes) -> bytes:
    """Draw what becomes of a body: values swapped or dropped, then perhaps its bytes."""
    body = json.loads(sound)
    for _ in range(draw(st.integers(0, 3))):
        if not body:
            break
        *way, last = draw(st.sampled_from([way for way in places(body) if way]))
        holder = body
        for key in way:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = draw(JUNK)
        else:
            del holder[last]
    written = json.dumps(body).encode()
    kind, place = draw(st.sampled_from(["", "", "cut", "flip", "deep"])), draw(st.integers(0))
    place %= max(1, len(written))
    if kind == "cut":
        return written[:place]
    if kind == "flip":
        return written[:place] + draw(st.binary(min_size=1, max_size=2)) + written[place + 1 :]
    if kind == "deep":
        return written.replace(b"null", b"[" * 2_000 + b"]" * 2_000, 1)
    return written


def answering(first: bytes, then: bytes) -> Send:
    """Return what answers with one body, and with another from then on."""
    bodies = [first]

    def send(request: Request) -> Response:
        attempt = Attempt(started_at=datetime.now(UTC), method=request.method, path=request.path)
        body = bodies.pop() if bodies else then
        return Response(status=200, headers={}, body=body, attempts=(attempt,))

    return checked(send)


@pytest.mark.parametrize("resource", READ)
@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_a_spoilt_answer_is_a_frame_or_an_error_of_ours(resource: str, data: st.DataObject) -> None:
    plan = plan_read(resource, {})
    body = data.draw(spoilt((EXAMPLES / f"{READ[resource]}.json").read_bytes()))
    key = plan.request.envelope.records
    last = json.dumps({"status": "ok", **({key: []} if key else {})}).encode()
    error = None
    try:
        df = Reading(plan, lambda _: answering(body, last), host="memory").frame()
    except rp.ReinferError as found:
        error, df = found, found.partial
    assert error is None or plan.request.path in str(error)
    assert df is None or set(plan.frame_schema.names) <= set(df.columns)
