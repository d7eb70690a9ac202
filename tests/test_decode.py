"""Bodies to Arrow: the contract's examples, odd forms, hostile bodies."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import COMMENTS, batch_of, body_of, parser

from reinfer_pandas._catalogue.catalogue import find
from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.arrays import build, scalars, timestamps
from reinfer_pandas._columns.decode import read_page
from reinfer_pandas._columns.dicts import record_batch
from reinfer_pandas._columns.lenient_json import prune, replace_lone_surrogates
from reinfer_pandas._wire import Envelope
from reinfer_pandas.exceptions import ResponseError

EXAMPLES = Path(__file__).parent / "examples"


def example(name: str) -> bytes:
    return (EXAMPLES / f"{name}.json").read_bytes()


def minimal_comment(**fields: object) -> dict[str, object]:
    return {
        "id": "a.b",
        "uid": "18ba5ce699f8da1f.a.b",
        "timestamp": "2024-03-01T10:00:00Z",
        "created_at": "2024-03-01T10:00:05.5Z",
        "messages": [{"body": {"text": "Thanks!"}}],
        **fields,
    }


def comment_rows(*comments: dict[str, object], exact: bool = False) -> list[dict[str, object]]:
    return batch_of("comment", comments, exact=exact).to_pylist()


def annotated_rows(*results: dict[str, object]) -> list[dict[str, object]]:
    return batch_of("annotated", results).to_pylist()


def reason_of(body: bytes, envelope: Envelope = COMMENTS) -> str | None:
    with pytest.raises(ResponseError) as caught:
        parser("comment").parse(body)
    with pytest.raises(ResponseError) as exact:
        read_page(body, envelope)
    assert (caught.value.reason, str(caught.value)) == (exact.value.reason, str(exact.value))
    return caught.value.reason


def test_query_example_becomes_its_declared_columns() -> None:
    made = parser("annotated")
    page = made.parse(example("query-page"))
    batch = made.reshape([page])
    declared = {column.name: column.type for column in s.ANNOTATED_COMMENT.columns}
    found = {field.name: field.type for field in batch.schema if ":" not in field.name}
    assert found == declared
    assert page.cursor == "36498883b7f4c2c12cc364be0a44d806-8abb3088feffef3f"
    row = batch.to_pylist()[0]
    assert row["uid"] == "18ba5ce699f8da1f.0123456789abcdef"
    assert row["subject"] == "Cancel order 48213"
    assert row["number:Order Value"] == 430.2
    assert row["thread_duration_s"] == 3600.0
    assert row["labels"][0] == {
        "name": "Order > Cancel",
        "parts": ["Order", "Cancel"],
        "group": "default",
        "state": "assigned",
        "probability": None,
        "sentiment": None,
        "sentiment_label": "positive",
    }
    assert [label["state"] for label in row["labels"]] == ["assigned", "predicted", "predicted"]
    assert row["entities"][1]["spans"][0]["utf16_byte_end"] == 70
    assert row["moon_forms"][0]["fields"][0]["value"] == "48213"
    assert row["label_properties"] == [{"id": "0000000000000001", "name": "tone", "value": -0.4}]


@pytest.mark.parametrize(
    ("name", "key", "path"),
    [
        ("sources", "sources", "sources"),
        ("source", "source", "sources/acme/inbox"),
        ("datasets", "datasets", "datasets"),
        ("current-user", "user", "auth/user"),
        ("source-statistics", "statistics", "sources/acme/inbox/statistics"),
    ],
)
def test_listing_examples_keep_every_value_of_a_declared_column(
    name: str, key: str, path: str
) -> None:
    schema = find(path)[0].schema
    page = read_page(example(name), Envelope(key))
    records = [json.loads(bytes(raw)) for raw in page.records]
    batch = record_batch(records, schema)
    assert tuple(batch.schema.names) == schema.names
    for record, row in zip(records, batch.to_pylist(), strict=True):
        for column in schema.columns:
            if isinstance(record.get(column.name), str) and column.type == s.STRING:
                assert row[column.name] == record[column.name]
            assert (row[column.name] is None) == (record.get(column.name) is None)


def test_nulls_and_absent_keys_are_the_same() -> None:
    optional = ("source_id", "thread_id", "last_modified", "user_properties", "attachments")
    absent = comment_rows(minimal_comment())
    null = comment_rows(minimal_comment(**dict.fromkeys(optional), has_annotations=None))
    assert absent == null
    assert absent[0]["source_id"] == "18ba5ce699f8da1f"
    assert absent[0]["has_annotations"] is False
    assert absent[0]["attachments"] == []


def test_label_names_of_both_forms_are_joined_and_parted() -> None:
    labels = [
        {"name": "A > B", "probability": 1},
        {"name": ["A", "B"], "probability": 0.5, "sentiment": -0.25},
        {"name": ["x > y", "z"], "probability": 0.25},
        {"name": "A"},
    ]
    labelling = [{"group": "default", "assigned": [], "dismissed": [], "predicted": labels}]
    (row,) = annotated_rows({"comment": minimal_comment(), "labelling": labelling})
    assert [label["name"] for label in row["labels"]] == ["A > B", "A > B", "x > y > z", "A"]
    assert [label["parts"] for label in row["labels"]] == [
        ["A", "B"],
        ["A", "B"],
        ["x > y", "z"],
        ["A"],
    ]
    assert [label["sentiment"] for label in row["labels"]] == [None, -0.25, None, None]


def test_a_bare_labelling_of_old_servers_is_one_group() -> None:
    labelling = {"assigned": [{"name": "A", "sentiment": "negative"}], "dismissed": [{"name": "B"}]}
    (row,) = annotated_rows({"comment": minimal_comment(), "labelling": labelling})
    assert [(x["name"], x["state"], x["sentiment_label"]) for x in row["labels"]] == [
        ("A", "assigned", "negative"),
        ("B", "dismissed", None),
    ]


def test_a_lone_deprecated_span_stands_for_spans() -> None:
    span = {"content_part": "body", "message_index": 0, "char_start": 1, "char_end": 2.0}
    entity = {"name": "e", "formatted_value": "v", "span": span}
    (row,) = annotated_rows({"comment": minimal_comment(), "entities": {"predicted": [entity]}})
    (found,) = row["entities"][0]["spans"]
    assert (found["char_end"], found["utf16_byte_start"]) == (2, None)


def test_first_message_is_taken_and_none_is_null() -> None:
    chat = [{"body": {"text": "one"}, "from": "a"}, {"body": {"text": "two"}, "to": ["b"]}]
    rows = comment_rows(
        minimal_comment(messages=chat), minimal_comment(messages=[]), minimal_comment()
    )
    assert [row["body"] for row in rows] == ["one", None, "Thanks!"]
    assert [row["n_messages"] for row in rows] == [2, 0, 1]
    assert [row["from"] for row in rows] == ["a", None, None]
    assert rows[0]["messages"][1]["to"] == ["b"]


def test_user_properties_are_typed_by_their_prefix() -> None:
    rows = comment_rows(
        minimal_comment(user_properties={"number:n": 7, "string:s": "x"}),
        minimal_comment(user_properties={"number:n": 2**60, "boolean:b": True, "string:s": None}),
        minimal_comment(),
    )
    assert [row["number:n"] for row in rows] == [7.0, float(2**60), None]
    assert [row["boolean:b"] for row in rows] == [None, "true", None]
    assert [row["string:s"] for row in rows] == ["x", None, None]


@pytest.mark.parametrize("value", ["seven", True, [1], {}])
def test_a_number_property_that_is_no_number_names_the_record(value: object) -> None:
    with pytest.raises(ResponseError, match="record 1") as caught:
        comment_rows(minimal_comment(), minimal_comment(user_properties={"number:n": value}))
    assert caught.value.reason == "wrong type"


@pytest.mark.parametrize("key", ["id", "uid", "timestamp", "created_at", "messages"])
@pytest.mark.parametrize("null", [True, False])
def test_a_missing_required_key_is_named_with_its_record(key: str, null: bool) -> None:
    comment = minimal_comment(**{key: None})
    if not null:
        del comment[key]
    with pytest.raises(ResponseError, match=rf"{key}.*record 1|record 1\.{key}"):
        comment_rows(minimal_comment(), comment)


def test_a_record_that_is_no_object_is_named() -> None:
    made = parser("comment")
    page = made.parse(b'{"status": "ok", "comments": [1]}')
    with pytest.raises(ResponseError, match="record 0"):
        made.reshape([page])


def test_a_listed_record_without_a_required_key_is_named() -> None:
    with pytest.raises(ResponseError, match="record 0 lacks the key 'owner'"):
        record_batch([{"id": "1"}], find("sources")[0].schema)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2018-10-15T15:48:49.603000Z", "2018-10-15T15:48:49.603000+00:00"),
        ("2016-02-10T23:13:28.340295+00:00", "2016-02-10T23:13:28.340295+00:00"),
        ("2020-01-09T16:34:45Z", "2020-01-09T16:34:45+00:00"),
        ("2020-06-03T16:05:00", "2020-06-03T16:05:00+00:00"),
        ("2020-06-03T16:05:00.5", "2020-06-03T16:05:00.500000+00:00"),
        ("2018-10-25T00:00:00.123456789Z", "2018-10-25T00:00:00.123456+00:00"),
        ("2018-10-25T02:00:00.123456789+02:00", "2018-10-25T00:00:00.123456+00:00"),
        ("2018-10-25 02:00:00-0130", "2018-10-25T03:30:00+00:00"),
        ("2018-10-25t02:00:00z", "2018-10-25T02:00:00+00:00"),
        ("2018-10-25", "2018-10-25T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_every_form_of_time_is_read_also_among_others(text: str, utc: str) -> None:
    both = timestamps(pa.array([text, None, "2020-01-09T16:34:45.5Z"], s.STRING))
    assert [t and t.isoformat() for t in both.to_pylist()] == [
        utc,
        None,
        "2020-01-09T16:34:45.500000+00:00",
    ]


@pytest.mark.parametrize("text", ["yesterday", "", "2020-13-01T00:00:00Z", "1583020800"])
def test_what_is_no_time_is_an_error_that_names_the_record(text: str) -> None:
    with pytest.raises(ResponseError, match="record 0"):
        comment_rows(minimal_comment(timestamp=text))


@given(st.datetimes(timezones=st.just(__import__("datetime").UTC)))
def test_any_time_survives_the_wire(time: object) -> None:
    text = time.isoformat()
    assert timestamps(pa.array([text], s.STRING)).to_pylist() == [time]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty body"),
        (b" \r\n", "empty body"),
        (b"<html>", "not json"),
        (b'{"status": "ok", "comments": [', "not json"),
        (b'{"status": "ok", "comments": []} {}', "not json"),
        (b'{"status": "ok", "comments": [{"x": NaN}]}', "not json"),
        (b'{"status": "ok", "comments": [{"x": "\xff"}]}', "not utf-8"),
        (b'{"status": "ok", "comments": [{"x": "\xed\xa0\x80"}]}', "not utf-8"),
        (b"[]", "wrong envelope"),
        (b"null", "wrong envelope"),
        (b"{}", "wrong envelope"),
        (b'{"comments": []}', "wrong envelope"),
        (b'{"status": "error", "message": "no"}', "wrong envelope"),
        (b'{"status": "error", "comments": []}', "wrong envelope"),
        (b'{"status": "ok"}', "missing key"),
        (b'{"status": "ok", "results": []}', "missing key"),
        (b'{"status": "ok", "comments": null}', "wrong type"),
        (b'{"status": "ok", "comments": 1}', "wrong type"),
        (b'{"status": "ok", "comments": [], "continuation": 7}', "wrong type"),
    ],
)
def test_a_body_that_breaks_the_contract_says_how(body: bytes, reason: str) -> None:
    assert reason_of(body) == reason


def test_an_error_in_a_success_shows_the_platforms_words() -> None:
    with pytest.raises(ResponseError, match="quota is spent"):
        read_page(b'{"status": "error", "message": "quota is spent"}', COMMENTS)


def test_unknown_keys_bom_and_duplicate_keys_do_no_harm() -> None:
    body = b'\xef\xbb\xbf{"new": {"x": [1]}, "status": "no", "comments": [], "status": "ok"}'
    assert read_page(body, COMMENTS).records == ()


def test_an_empty_continuation_ends_the_pages() -> None:
    assert read_page(b'{"status":"ok","comments":[],"continuation":""}', COMMENTS).cursor is None


@pytest.mark.parametrize("depth", [900, 10_000, 200_000])
def test_markup_of_any_depth_is_passed_over(depth: int) -> None:
    markup = '[{"kind": "paragraph", "children": ' * depth + "[]" + "}]" * depth
    comment = json.dumps(minimal_comment()).replace(
        '"Thanks!"', f'"Tha\\"[{{nks!", "text_markup": {markup}'
    )
    body = f'{{"status": "ok", "comments": [{comment}]}}'.encode()
    made = parser("comment")
    assert made.reshape([made.parse(body)]).to_pylist()[0]["body"] == 'Tha"[{nks!'


def test_a_deep_body_that_is_no_object_is_an_error() -> None:
    assert reason_of(b"[" * 100_000) in ("not json", "wrong envelope")
    assert reason_of(b"[" * 100_000 + b"]" * 100_000) == "wrong envelope"


def test_half_an_emoji_becomes_the_replacement_character() -> None:
    for text in (r"cut \ud83d", r"cut \ude00"):
        body = json.dumps({"status": "ok", "comments": [minimal_comment(thread_id="@")]}).encode()
        made = parser("comment")
        batch = made.reshape([made.parse(body.replace(b"@", text.encode()))])
        assert batch.column("thread_id").to_pylist() == ["cut �"]


@given(st.lists(st.sampled_from([r"\ud83d", r"\ude00", r"\\", "a", r"\n", "é"]), max_size=12))
def test_any_escapes_of_surrogates_can_be_read(parts: list[str]) -> None:
    body = f'{{"status": "ok", "comments": [], "x": "{"".join(parts)}"}}'.encode()
    assert read_page(body, COMMENTS).records == ()
    expected = json.loads(body)["x"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert json.loads(replace_lone_surrogates(body))["x"] == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.integers(1, 4),
)
def test_pruning_leaves_what_lies_higher(value: object, depth: int) -> None:
    def pruned(part: object, level: int) -> object:
        if isinstance(part, list | dict) and level == depth:
            return None
        if isinstance(part, list):
            return [pruned(one, level + 1) for one in part]
        if isinstance(part, dict):
            return {key: pruned(one, level + 1) for key, one in part.items()}
        return part

    assert json.loads(prune(json.dumps(value).encode(), depth)) == pruned(value, 0)


@pytest.mark.parametrize(
    ("values", "arrow_type"),
    [
        ([5.5], s.INTEGER),
        ([True], s.FLOAT),
        ([True], s.INTEGER),
        (["1"], s.FLOAT),
        ([1], s.STRING),
        (["abc"], s.STRINGS),
    ],
)
def test_values_are_refused_rather_than_bent(values: list[object], arrow_type: object) -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        build(values, arrow_type)


def test_integers_keep_all_their_digits() -> None:
    assert scalars([2**53 + 1, None, 5.0], s.INTEGER).to_pylist() == [2**53 + 1, None, 5]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", s.ANNOTATED_COMMENT.names)
def test_a_column_that_is_wanted_alone_is_made_alone_and_as_among_all(
    name: str, exact: bool
) -> None:
    body = example("query-page")
    alone, all_made = parser("annotated", name.__eq__, exact=exact), parser("annotated")
    batch = alone.reshape([alone.parse(body)])
    assert batch.schema.names == [name]
    assert batch.column(name).equals(all_made.reshape([all_made.parse(body)]).column(name))


def test_what_no_wanted_column_needs_is_not_parsed() -> None:
    body = body_of("comment", [minimal_comment(thread_id=7, attachments="none", has_annotations=1)])
    for exact in (False, True):
        made = parser("comment", {"uid", "body"}.__contains__, exact=exact)
        assert sorted(made.reshape([made.parse(body)]).schema.names) == ["body", "uid"]


def test_half_a_character_and_a_bottomless_tree_in_one_body_are_both_passed_over() -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    body = b'{"status": "ok", "x": "\\ud83d", "deep": ' + deep + b', "comments": []}'
    assert read_page(body, COMMENTS).records == ()
