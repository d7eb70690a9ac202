"""Two parsers, one frame: which of them took a page, and how rows are split, never shows."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import ENVELOPES, SCHEMAS, batch_of, body_of, parser
from wire_pages import RECORDS, shuffled, written

from reinfer_pandas._columns.fast import FastReader, RefusedError
from reinfer_pandas.exceptions import ResponseError
from reinfer_pandas.frames import assemble

EXAMPLES = Path(__file__).parent / "examples"
PAGES = {"comment": "comments-page", "annotated": "query-page"}
QUICKLY = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def made_of(base: str, bodies: list[bytes], *, exact: bool, group: int = 8) -> object:
    """Return the batches that some pages come to, or the error."""
    parse = parser(base, exact=exact)
    try:
        found = [parse.parse(body) for body in bodies]
        return [parse.reshape(found[n : n + group]) for n in range(0, len(found), group)]
    except ResponseError as error:
        return str(error)


def columns_of(base: str, batches: object) -> object:
    """Return names, dtypes and values of the frame."""
    if isinstance(batches, str):
        return batches
    df = assemble(batches, SCHEMAS[base])
    dtypes = {name: getattr(d, "pyarrow_dtype", d) for name, d in df.dtypes.items()}
    return dtypes, {name: repr(df[name].tolist()) for name in df}


@pytest.mark.parametrize("base", RECORDS)
@QUICKLY
@given(data=st.data())
def test_both_parsers_make_the_same_of_any_page(base: str, data: st.DataObject) -> None:
    records = data.draw(st.lists(RECORDS[base], max_size=4))
    whole = shuffled({"status": "ok", ENVELOPES[base].records: records}, random.Random(1))
    body = written(whole, spacing=data.draw(st.integers(0, 3)), escaped=data.draw(st.booleans()))
    fast, exact = (columns_of(base, made_of(base, [body], exact=one)) for one in (False, True))
    assert fast == exact


@pytest.mark.parametrize("base", RECORDS)
@QUICKLY
@given(data=st.data())
def test_every_split_into_pages_and_groups_makes_the_same_frame(
    base: str, data: st.DataObject
) -> None:
    records = data.draw(st.lists(RECORDS[base], min_size=1, max_size=5))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)))) | {0, len(records)})
    split = [body_of(base, records[a:b]) for a, b in pairwise(cuts)]
    group = data.draw(st.integers(1, 3))
    found = columns_of(base, made_of(base, split, exact=False, group=group))
    whole = columns_of(base, made_of(base, [body_of(base, records)], exact=False))
    assert isinstance(found, str) == isinstance(whole, str)
    if not isinstance(found, str):
        assert found == whole


@pytest.mark.parametrize("base", PAGES)
@pytest.mark.parametrize("spacing", range(4))
def test_the_fast_way_takes_sound_pages_in_any_spacing(base: str, spacing: int) -> None:
    whole = json.loads((EXAMPLES / f"{PAGES[base]}.json").read_bytes())
    if base == "annotated":
        whole["results"][0]["labelling"][0]["predicted"][0]["name"] = ["Order", "Cancel"]
    made = parser(base)
    page = made.parse(written(shuffled(whole, random.Random(2)), spacing=spacing, escaped=True))
    assert isinstance(page.records, pa.Array)
    assert len(page.times) == 2


def comment(**fields: object) -> dict[str, object]:
    return {
        "id": "a",
        "uid": "s.a",
        "timestamp": "2024-03-01T10:00:00Z",
        "created_at": "2024-03-01T10:00:00Z",
        "messages": [{"body": {"text": "t"}}],
        **fields,
    }


@pytest.mark.parametrize("exact", [False, True])
def test_a_number_in_a_text_property_is_json_text_beside_texts_as_they_are(exact: bool) -> None:
    values = ["Motor", "Motor", 5, [1, {"a": None}], "2026-01-01", None, True]
    records = [comment(user_properties={"string:Team": value}) for value in values]
    expected = ["Motor", "Motor", "5", '[1,{"a":null}]', "2026-01-01", None, "true"]
    assert batch_of("comment", records, exact=exact)["string:Team"].to_pylist() == expected
    bodies = [body_of("comment", [record]) for record in records]
    (batch,) = made_of("comment", bodies, exact=exact)
    assert batch["string:Team"].to_pylist() == expected


@pytest.mark.parametrize(
    "properties",
    [{"number:n": 2**53}, {"number:n": -(2**60)}, {"number:n": 1e300}, {"string:s": {"a": 1}}],
)
def test_what_a_float_or_the_reader_may_bend_is_for_the_exact_way(
    properties: dict[str, object],
) -> None:
    made = parser("comment")
    page = made.parse(body_of("comment", [comment(user_properties=properties)]))
    assert not isinstance(page.records, pa.Array)


def test_properties_that_look_like_times_are_text_on_every_page() -> None:
    made = parser("comment")
    texts = ["2026-01-01", "2026-01-01T00:00:00Z", "x"]
    found = [
        made.parse(body_of("comment", [comment(user_properties={"string:a": text, f"s:{n}": "1"})]))
        for n, text in enumerate(texts)
    ]
    assert all(isinstance(page.records, pa.Array) for page in found)
    assert made.reshape(found)["string:a"].to_pylist() == texts


REFUSED = [
    b"null",
    b' null\n{"status":"ok"}',
    b'\xef\xbb\xbf{"status":"ok","comments":[]}',
    b'{"status":"ok","comments":[]}{"status":"ok","comments":[]}',
    b'{"status":"ok","comments":[]}\nnull',
    b'{"status":"ok","comments":null}',
    b'{"status":"ok","comments":[null]}',
    b'{"status":"ok","comments":[],"x":NaN}',
    b'{"status":"ok","comments":[],"x":[-Infinity ]}',
    b'{"status":"ok","comments":[],"x":{"y":\tInf\n}}',
    b'{"status":"ok"}',
    b'{"status":"no","comments":[]}',
    b'{"comments":[]}',
]


@pytest.mark.parametrize("body", REFUSED)
def test_what_the_reader_would_let_pass_is_refused(body: bytes) -> None:
    fast = parser("comment")._fast
    assert isinstance(fast, FastReader)
    with pytest.raises(RefusedError):
        fast.read(body)


FUZZ = """
import random, sys
from test_two_parsers import columns_of, made_of, spoilt

base, seed = sys.argv[1], int(sys.argv[2])
dice = random.Random(seed)
for _ in range(300):
    body = spoilt(base, dice)
    fast, exact = (columns_of(base, made_of(base, [body], exact=one)) for one in (False, True))
    assert fast == exact, (body, fast, exact)
"""
TOKENS = [b"null", b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"NaN", b"1e999", b"-", b"\xff"]
TOKENS += [b" ", b"true", b'"a":1,', b'"uid":', b'"name":[', b'{"user_properties":{}}', b"\x00"]


def spoilt(base: str, dice: random.Random) -> bytes:
    """Return a page with tokens put in, spans left out or doubled, bytes changed."""
    body = bytearray((EXAMPLES / f"{PAGES[base]}.json").read_bytes())
    if dice.random() < 0.5:
        body = bytearray(json.dumps(json.loads(body)).encode())
    for _ in range(dice.randint(1, 3)):
        place, length = dice.randrange(len(body)), dice.randrange(1, 40)
        kind = dice.randrange(4)
        if kind == 0:
            body[place:place] = dice.choice(TOKENS)
        elif kind == 1:
            del body[place : place + length]
        elif kind == 2:
            body[place:place] = body[place : place + length]
        else:
            body[place] = dice.randrange(256)
    return bytes(body)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("base", PAGES)
def test_spoilt_pages_never_end_the_process_and_both_parsers_agree(base: str, seed: int) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", FUZZ, base, str(seed)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([here, str(Path(here).parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
