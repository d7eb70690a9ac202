"""Tests of the Server-Timing grammar: W3C Server Timing and RFC 9110, 5.6."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas.server_timing import (
    Metric,
    format_server_timing,
    parse_server_timing,
    total_ms,
)

TCHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
tokens = st.text(TCHARS, min_size=1)
durations_ms = st.floats(min_value=0, allow_infinity=False, allow_nan=False)
texts = st.text(
    st.characters(exclude_categories=["Cc"]) | st.just("\t") | st.sampled_from('"\\,;=')
)
metrics = st.builds(Metric, tokens, st.none() | durations_ms, st.none() | texts)
blanks = st.text(" \t", max_size=2)


def escaped(text: str, *, each: bool) -> str:
    return "".join(f"\\{c}" if each or c in '"\\' else c for c in text)


@st.composite
def headers(draw: st.DrawFn) -> tuple[str, tuple[Metric, ...]]:
    """Draw metrics, and a legal way to write them that a plain writer wouldn't choose."""

    def blank_round(sign: str) -> str:
        return f"{draw(blanks)}{sign}{draw(blanks)}"

    def value(text: str) -> str:
        if set(text) <= set(TCHARS) and text and draw(st.booleans()):
            return text
        return f'"{escaped(text, each=draw(st.booleans()))}"'

    def parameter(name: str, text: str) -> str:
        cased = draw(st.sampled_from([name, name.upper(), name.title()]))
        return f"{blank_round(';')}{cased}{blank_round('=')}{value(text)}"

    def member(metric: Metric) -> str:
        parts = []
        if metric.duration_ms is not None:
            parts.append(parameter("dur", repr(metric.duration_ms)))
        if metric.description is not None:
            parts.append(parameter("desc", metric.description))
        return metric.name + "".join(draw(st.permutations(parts)))

    drawn = draw(st.lists(metrics, max_size=4))
    members = [
        text for metric in drawn for text in [""] * draw(st.integers(0, 1)) + [member(metric)]
    ]
    return ",".join(f"{draw(blanks)}{text}{draw(blanks)}" for text in members), tuple(drawn)


@given(st.lists(metrics))
def test_what_is_written_parses_back_to_the_same(written: list[Metric]) -> None:
    assert parse_server_timing(format_server_timing(written)) == tuple(written)


@given(headers())
def test_every_legal_spelling_parses_to_the_same(header: tuple[str, tuple[Metric, ...]]) -> None:
    text, expected = header
    assert parse_server_timing(text) == expected


@given(st.text() | st.text('total;,="\\ \t\r\ndurDesc0123.-+e_x', max_size=60))
def test_no_string_makes_it_raise(text: str) -> None:
    for metric in parse_server_timing(text):
        assert metric.name
        assert metric.duration_ms is None or 0 <= metric.duration_ms < math.inf
    total_ms(text)


@pytest.mark.parametrize(
    "piece",
    ['"', "\\", ",", ";", "=", " ", '"\\', 'a;desc="', "a;b=", "a,", "a\t", '"",', "9", "\0"],
)
@pytest.mark.parametrize("start", ["", "total;dur=", 'total;desc="', "total ", "total;x"])
def test_a_flood_of_one_piece_takes_linear_time(start: str, piece: str) -> None:
    hostile = start + piece * (300_000 // len(piece))
    began = time.process_time()
    parse_server_timing(hostile)
    # Linear is 0.3 s, quadratic minutes: room for a slow machine.
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "header",
    [
        "total;dur=37.7",
        "total; dur=37.7",
        "total ;\tdur = 37.7 ",
        "total;\r\n dur=37.7",
        "total;DUR=37.7",
        'total;dur="37.7"',
        'total;dur="3\\7.7"',
        "total;dur=3.77e1",
        "total;dur=377E-1",
        "total;dur=+37.7",
        "subtotal;dur=1, total;dur=37.7",
        'total;desc="x, total;dur=1";dur=37.7',
        r'total;desc="\", total;dur=1";dur=37.7',
        'cache;desc="x, total;dur=1", total;dur=37.7',
        "Total;dur=1, TOTAL;dur=2, total;dur=37.7",
        "total;dur=37.7, total;dur=1",
        "total;dur=37.7;dur=1",
        "total;dur=37.7 or so;dur=1",
        "total;dur=37.7, total;dur=nan",
        "total;foo;bar=baz;dur=37.7",
        "total;;;dur=37.7",
        ",, , total;dur=37.7",
        "=;dur=1, ;dur=2, total;dur=37.7",
        ';desc="x, total;dur=1", total;dur=37.7',
        "total;=5;dur=37.7",
        'total;dur=37.7;desc="never closed, total;dur=1',
    ],
)
def test_total_is_found_in(header: str) -> None:
    assert total_ms(header) == 37.7


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "subtotal;dur=1",
        "total",
        "total;dur",
        "total;dur=",
        "total;dur=;dur=37.7",
        "total;dur;dur=37.7",
        "total;dur=nan;dur=37.7",
        "total;dur=fast, total;dur=37.7",
        "total;dur foo=37.7",
        "total;duration=37.7",
        "total=37.7",
        "total dur=37.7",
        'total;desc="never closed;dur=37.7',
        'total;desc="closed by an escape\\";dur=37.7',
        'total;dur="37.7',
        'desc="x;total;dur=37.7',
    ],
)
def test_total_is_missing_and_not_zero_in(header: str | None) -> None:
    assert total_ms(header) is None


@pytest.mark.parametrize(
    "text",
    ["nan", "NaN", "inf", "-inf", "Infinity", "1e400", "1_0", "-1", "-0.1", "0x10", "1e", "e1", ".",
     "1.2.3", "37.7ms", "--1", "+", "٣", "\u00b2"],
)  # fmt: skip
@pytest.mark.parametrize("quote", ["", '"'])
def test_no_duration_is_read_from(text: str, quote: str) -> None:
    assert parse_server_timing(f"m;dur={quote}{text}{quote}") == (Metric("m"),)


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("-0", 0), ("00012", 12), (".5", 0.5), ("5.", 5), ("1e-400", 0)]
)
def test_a_duration_is_read_from(text: str, number: float) -> None:
    assert parse_server_timing(f"m;dur={text}") == (Metric("m", number),)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        # The cases of web-platform-tests' server-timing suite that differ in kind.
        ("aB3!#$%&'*+-.^_`|~", [Metric("aB3!#$%&'*+-.^_`|~")]),
        ("metric ; ", [Metric("metric")]),
        ("metric\t,\t", [Metric("metric")]),
        ("m1,m2 ,m3, m4", [Metric("m1"), Metric("m2"), Metric("m3"), Metric("m4")]),
        ("m;dur=12.3;desc=a,m;dur=45.6", [Metric("m", 12.3, "a"), Metric("m", 45.6)]),
        ("m;DuR=123.4;DeSc=description", [Metric("m", 123.4, "description")]),
        ('m;desc="descr;,=iption";dur=1', [Metric("m", 1, "descr;,=iption")]),
        ('m;desc="\t description \t"', [Metric("m", None, "\t description \t")]),
        (r'm;desc="descr\"iption"', [Metric("m", None, 'descr"iption')]),
        (r'm;desc="Load bala\ncer"', [Metric("m", None, "Load balancer")]),
        (r'm;desc="\\"', [Metric("m", None, "\\")]),
        ('m;desc=""', [Metric("m", None, "")]),
        ("m;desc=;desc=description;dur=1", [Metric("m", 1)]),
        ("m;desc=a;desc=b", [Metric("m", None, "a")]),
        ("m1;desc=d1 d2;dur=1, m2", [Metric("m1", 1, "d1"), Metric("m2")]),
        ('m1;desc="d1" d2, m2', [Metric("m1", None, "d1"), Metric("m2")]),
        ('m1==   ""foo;dur=1, m2;dur=2', [Metric("m1"), Metric("m2", 2)]),
        ("m;foo dur=12", [Metric("m")]),
        (r"m;desc=\\", [Metric("m")]),
        ('m;desc="', [Metric("m")]),
        ('{"foo":"bar"},m', [Metric("m")]),
        ("(m);dur=1", []),
        ("=", []),
        (";=,=;,", []),
    ],
)
def test_each_member_is_read_as_the_browsers_do(header: str, expected: list[Metric]) -> None:
    assert parse_server_timing(header) == tuple(expected)


@pytest.mark.parametrize(
    "metric",
    [
        Metric(""),
        Metric("two words"),
        Metric("naïve"),
        Metric("a\r\nSet-Cookie: x"),
        Metric("m", -1.0),
        Metric("m", math.nan),
        Metric("m", math.inf),
        Metric("m", 1.0, "a\r\nSet-Cookie: x"),
        Metric("m", 1.0, "\0"),
    ],
)
def test_what_no_header_can_hold_is_not_written(metric: Metric) -> None:
    with pytest.raises(ValueError, match=r"^(not a|a control)"):
        format_server_timing([metric])
