"""Tidy views: against a plain loop over the same rows, in whatever form the frame comes."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reinfer_pandas as rp
from reinfer_pandas import tidy
from reinfer_pandas._columns import schema as s
from reinfer_pandas._nested import NestedArray
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import assemble

EXAMPLES = Path(__file__).parent / "examples"
NESTED = ("messages", "attachments", "labels", "entities", "moon_forms", "label_properties")
SCHEMAS = {
    "labels": tidy.LABELS,
    "entities": tidy.ENTITIES,
    "messages": tidy.MESSAGES,
    "attachments": tidy.ATTACHMENTS,
    "extractions": tidy.EXTRACTIONS,
    "label_properties": tidy.LABEL_PROPERTIES,
}
SOURCES = {**{name: name for name in SCHEMAS}, "extractions": "moon_forms"}
TYPES = {column.name: column.type for column in s.ANNOTATED_COMMENT.columns}
Row = dict[str, Any]


# frames of given rows


def frame(rows: list[Row], *, cuts: tuple[int, ...] = (), backend: str | None = None):
    """Return a frame as reading makes it, of pages that end at `cuts`."""
    ends = [0, *sorted({min(cut, len(rows)) for cut in cuts}), len(rows)]
    columns = ["uid", *NESTED]
    batches = [
        pa.RecordBatch.from_pydict(
            {
                name: pa.array([row.get(name) for row in rows[first:last]], TYPES[name])
                for name in columns
            }
        )
        for first, last in pairwise(ends)
    ]
    schema = s.ANNOTATED_COMMENT
    return assemble(batches, schema, columns=columns, dtype_backend=backend)


def through_parquet(df: pd.DataFrame, **options: Any) -> pd.DataFrame:
    file = io.BytesIO()
    df.to_parquet(file)
    return pd.read_parquet(io.BytesIO(file.getvalue()), **options)


def view_of(df: pd.DataFrame, name: str) -> pd.DataFrame:
    return getattr(df.reinfer, name)()


def rows_of(df: pd.DataFrame) -> list[Row]:
    columns = {name: [plain(value) for value in df[name]] for name in df.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def plain(value: Any) -> Any:
    if isinstance(value, list | np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return None if pd.isna(value) else value


# the same by a plain loop


def each(row: Row, column: str) -> Iterator[tuple[int, Row]]:
    yield from enumerate(row.get(column) or ())


def pick(item: Row | None, struct: pa.StructType) -> Row:
    return {field.name: (item or {}).get(field.name) for field in struct}


def plain_labels(row: Row) -> Iterator[Row]:
    for _, found in each(row, "labels"):
        label = pick(found, s.LABEL)
        yield {"uid": row["uid"], "label": label.pop("name"), **label}


def plain_messages(row: Row) -> Iterator[Row]:
    for index, found in each(row, "messages"):
        yield {"uid": row["uid"], "message_index": index, **pick(found, s.MESSAGE)}


def plain_attachments(row: Row) -> Iterator[Row]:
    for index, found in each(row, "attachments"):
        yield {"uid": row["uid"], "attachment_index": index, **pick(found, s.ATTACHMENT)}


def plain_label_properties(row: Row) -> Iterator[Row]:
    for _, found in each(row, "label_properties"):
        yield {"uid": row["uid"], **pick(found, s.LABEL_PROPERTY)}


def plain_extractions(row: Row) -> Iterator[Row]:
    for _, form in each(row, "moon_forms"):
        shared = {key: form.get(key) for key in tidy.EXTRACTIONS.names[2:7]}
        for found in form.get("fields") or [None]:
            field = pick(found, s.FIELD)
            renamed = {"field": field.pop("name"), "field_probability": field.pop("probability")}
            yield {"uid": row["uid"], "label": form.get("label"), **shared, **field, **renamed}


def plain_entities(row: Row) -> Iterator[Row]:
    for number, entity in each(row, "entities"):
        shared = {key: entity.get(key) for key in ("name", "value", "state", "probability")}
        spans = list(enumerate(entity.get("spans") or ())) or [(None, None)]
        for index, span in spans:
            yield {
                "uid": row["uid"],
                "entity_index": number,
                **shared,
                "span_index": index,
                **pick(span, s.SPAN),
                "text": plain_text(row, span) if span else None,
            }


def plain_text(row: Row, span: Row) -> str | None:
    index, part = span.get("message_index"), span.get("content_part")
    messages = row.get("messages") or []
    if part not in ("body", "subject", "signature") or index not in range(len(messages)):
        return None
    text = messages[index].get(part)
    if text is None:
        return None
    ends = [span.get("utf16_byte_start"), span.get("utf16_byte_end")]
    bounds = {len(text[:n].encode("utf-16-le")): n for n in range(len(text) + 1)}
    if None in ends:
        ends = [span.get("char_start"), span.get("char_end")]
        bounds = {n: n for n in range(len(text) + 1)}
    if not set(ends) <= bounds.keys() or ends[0] > ends[1]:
        return None
    return text[bounds[ends[0]] : bounds[ends[1]]]


PLAIN: dict[str, Callable[[Row], Iterator[Row]]] = {
    "labels": plain_labels,
    "entities": plain_entities,
    "messages": plain_messages,
    "attachments": plain_attachments,
    "extractions": plain_extractions,
    "label_properties": plain_label_properties,
}


def expected(rows: list[Row], name: str) -> list[Row]:
    names = SCHEMAS[name].names
    found = [one for row in rows for one in PLAIN[name](row)]
    return [{key: one[key] for key in names} for one in found]


# rows as a platform might send them

TEXTS = st.text(st.sampled_from("aé—語😠👩‍🚀 \n"), max_size=8)
NUMBERS = {
    s.INTEGER: st.integers(-1, 9) | st.just(2**62),
    s.FLOAT: st.floats(0, 1),
    s.BOOLEAN: st.booleans(),
    s.TIMESTAMP: st.integers(0, 2**50).map(
        lambda us: dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)
    ),
}


def values(arrow_type: pa.DataType) -> st.SearchStrategy[Any]:
    """Return values of a type, null among them."""
    if pa.types.is_struct(arrow_type):
        return st.fixed_dictionaries({f.name: values(f.type) for f in arrow_type})
    if pa.types.is_list(arrow_type):
        return st.none() | st.lists(values(arrow_type.value_type), max_size=3)
    return st.none() | NUMBERS.get(arrow_type, TEXTS)


SPANS = st.fixed_dictionaries(
    {
        "content_part": st.sampled_from(["body", "subject", "signature", "title", None]),
        "message_index": st.sampled_from([0, 0, 0, 1, 2, -1, None, 2**62]),
        "char_start": values(s.INTEGER),
        "char_end": values(s.INTEGER),
        "utf16_byte_start": st.none() | st.sampled_from([0, 2, 4, 6]) | values(s.INTEGER),
        "utf16_byte_end": st.sampled_from([4, 6, 8, 10, 12]) | values(s.INTEGER),
    }
)
MESSAGES = st.fixed_dictionaries({"body": TEXTS, "subject": st.none() | TEXTS, "signature": TEXTS})


def comments(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    uids = st.text("abc.", min_size=1, max_size=4)
    return st.lists(st.fixed_dictionaries({"uid": uids, **columns}), max_size=5)


ENTITIES = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "value": TEXTS,
        "state": st.sampled_from(["assigned", "predicted"]),
        "probability": st.none() | st.floats(0, 1),
        "spans": st.none() | st.lists(SPANS, max_size=3),
    }
)
CUTS = st.tuples(st.integers(0, 5), st.integers(0, 5))


@settings(max_examples=20)
@given(data=st.data(), cuts=CUTS)
@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "entities"])
def test_a_view_is_what_a_plain_loop_finds(name: str, data: st.DataObject, cuts: Any) -> None:
    rows = data.draw(comments(**{SOURCES[name]: values(TYPES[SOURCES[name]])}))
    df = frame(rows, cuts=cuts)
    assert rows_of(view_of(df, name)) == expected(rows, name)
    assert rows_of(view_of(through_parquet(df), name)) == expected(rows, name)


@settings(max_examples=60)
@given(
    comments(
        messages=st.none() | st.lists(MESSAGES, max_size=3),
        entities=st.none() | st.lists(ENTITIES, max_size=3),
    ),
    CUTS,
)
def test_entities_and_their_texts_are_what_a_plain_loop_finds(rows: list[Row], cuts: Any) -> None:
    df = frame(rows, cuts=cuts)
    assert rows_of(df.reinfer.entities()) == expected(rows, "entities")
    assert rows_of(through_parquet(df).reinfer.entities()) == expected(rows, "entities")


# what comes from where: an example of the guide, and the sandbox


@pytest.fixture(scope="module")
def page() -> pd.DataFrame:
    body = (EXAMPLES / "query-page.json").read_bytes()
    made = pages.parser("annotated")
    batch = made.reshape([made.parse(body)])
    df = assemble([batch], s.ANNOTATED_COMMENT)
    df.attrs = {"server_timing_ms": 37.7, "reinfer": {"resource": "datasets/acme/claims/comments"}}
    return df


@pytest.fixture(scope="module")
def generated() -> pd.DataFrame:
    with rp.sandbox(comments=200) as client:
        return client.read("datasets/acme/claims/comments")


def test_the_guides_example_comes_apart(page: pd.DataFrame) -> None:
    uid = json.loads((EXAMPLES / "query-page.json").read_bytes())["results"][0]["comment"]["uid"]
    labels = page.reinfer.labels()
    labels = labels[labels["uid"] == uid]
    assert labels["label"].tolist() == ["Order > Cancel", "Order > Cancel", "Order"]
    assert labels["state"].tolist() == ["assigned", "predicted", "predicted"]
    assert labels["sentiment_label"].iloc[0] == "positive"
    assert plain(labels["parts"].tolist()) == [["Order", "Cancel"], ["Order", "Cancel"], ["Order"]]
    entities = page.reinfer.entities()
    assert entities["text"].tolist() == entities["value"].tolist() == ["48213", "48213"]
    extraction = rows_of(page.reinfer.extractions())[0]
    assert (extraction["label"], extraction["field"]) == ("Order > Cancel", "Order number")
    assert (extraction["capture"], extraction["value"]) == (0, "48213")
    assert extraction["spans"][0]["char_start"] == 30
    assert page.reinfer.attachments()["name"].tolist() == ["order.pdf"]
    assert page.reinfer.label_properties()["value"].tolist() == [-0.4]
    assert page.reinfer.messages()["body"].tolist()[-1] == "Thanks!"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_sandboxs_comments_come_apart_as_by_a_plain_loop(
    generated: pd.DataFrame, name: str
) -> None:
    rows = rows_of(generated[["uid", *NESTED]])
    view = view_of(generated, name)
    assert len(view) > 20
    assert rows_of(view) == expected(rows, name)


def test_the_sandboxs_entities_show_their_text_among_emoji(generated: pd.DataFrame) -> None:
    entities = generated.reinfer.entities()
    assert (entities["utf16_byte_start"] != 2 * entities["char_start"]).any()
    assert entities["text"].isna().equals(entities["span_index"].isna())
    numbers = entities[entities["name"].isin(["claim-number", "policy-number"])]
    assert (numbers["text"] == numbers["value"]).all()


# dtypes


def declared(name: str) -> dict[str, str]:
    def dtype(column: s.Column) -> str:
        return "object" if pa.types.is_nested(column.type) else column.dtype

    return {column.name: dtype(column) for column in SCHEMAS[name].columns}


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_and_dtypes_are_the_declared_ones_with_rows_and_without(
    generated: pd.DataFrame, name: str
) -> None:
    unlabelled = frame([{"uid": "a"}, {"uid": "b", "labels": [], "messages": []}])
    bare = pd.DataFrame({"uid": [], SOURCES[name]: []})
    for df in (generated, generated.iloc[:0], frame([]), unlabelled, bare):
        view = view_of(df, name)
        assert {key: str(dtype) for key, dtype in view.dtypes.items()} == declared(name)
        assert view.index.equals(pd.RangeIndex(len(view)))


@pytest.mark.parametrize("backend", ["pyarrow", "numpy_nullable"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_view_has_the_dtype_backend_of_its_frame(page: pd.DataFrame, name: str, backend: str):
    rows = rows_of(page[["uid", *NESTED]])
    view = view_of(frame(rows, backend=backend), name)
    assert rows_of(view) == rows_of(view_of(page, name))
    uid = {"pyarrow": "large_string[pyarrow]", "numpy_nullable": "string"}[backend]
    assert str(view["uid"].dtype) == uid
    assert view.dtypes.equals(view_of(frame([], backend=backend), name).dtypes)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_frame_that_pandas_read_as_arrow_has_the_same_view(page: pd.DataFrame, name: str) -> None:
    back = through_parquet(page, dtype_backend="pyarrow")
    assert rows_of(view_of(back, name)) == rows_of(view_of(page, name))


# forms of frames

FORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "filtered": lambda df: df[df["uid"].str[-1] > "7"],
    "sliced": lambda df: df.iloc[3:-2:2],
    "reversed": lambda df: df.iloc[::-1],
    "reindexed": lambda df: df.reindex([5, 1000, 12, 2000]),
    "merged": lambda df: pd.DataFrame({"uid": ["x", *df["uid"][:3]]}).merge(df, "left", "uid"),
    "by uid": lambda df: df.set_index("uid"),
    "by uid, reindexed": lambda df: df.set_index("uid").reindex(["x", df["uid"][4]]),
    "indexed twice": lambda df: df.set_index([[0] * len(df), [1] * len(df)]),
    "of categories": lambda df: df.astype({"uid": "category"}),
    "of objects": lambda df: df.astype(object),
    "concatenated": lambda df: pd.concat([df[:3], through_parquet(df[3:9]), df[9:12]]),
    "pickled": lambda df: pd.read_pickle(io.BytesIO(pickled(df))),
}


def pickled(df: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    df.to_pickle(file)
    return file.getvalue()


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("form", FORMS)
def test_any_form_of_a_frame_has_the_view_of_its_rows(
    generated: pd.DataFrame, form: str, name: str
) -> None:
    df = FORMS[form](generated[["uid", SOURCES[name]]][:24])
    found = expected(rows_of(df.reset_index()), name)
    assert rows_of(view_of(df, name)) == found
    assert rows_of(view_of(through_parquet(df), name)) == found


def test_what_lies_hidden_under_a_null_list_makes_no_row() -> None:
    scores = pa.array([{"name": name} for name in "abc"], s.LABEL_PROPERTY)
    lists = pa.ListArray.from_arrays(
        pa.array([0, 1, 2, 3], pa.int32()), scores, mask=pa.array([False, True, False])
    )
    df = pd.DataFrame({"uid": ["x", "y", "z"], "label_properties": NestedArray(lists)})
    found = df.reinfer.label_properties()
    assert list(zip(found["uid"], found["name"], strict=True)) == [("x", "a"), ("z", "c")]


def test_large_frames_go_in_batches_and_come_out_in_order() -> None:
    n = tidy.BATCH_ROWS + 10
    scores = pa.array([{"value": float(row)} for row in range(n)], s.LABEL_PROPERTY)
    lists = pa.ListArray.from_arrays(pa.array(np.arange(n + 1), pa.int32()), scores)
    uids = pd.Series(np.arange(n)).astype(str)
    df = pd.DataFrame({"uid": uids, "label_properties": NestedArray(lists)})
    found = df.reinfer.label_properties()
    assert found["value"].tolist() == list(range(n))
    assert found["uid"].tolist() == uids.tolist()


# the covered text


def text_of(body: str, **span: Any) -> Any:
    place = {"content_part": "body", "message_index": 0}
    row = {
        "uid": "a",
        "messages": [{"body": body, "subject": "Re: 😠 no"}],
        "entities": [{"name": "e", "spans": [{**place, **span}]}],
    }
    found = frame([row]).reinfer.entities()["text"]
    assert len(found) == 1
    return plain(found[0])


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"utf16_byte_start": 6, "utf16_byte_end": 10}, "no"),
        ({"utf16_byte_start": 2, "utf16_byte_end": 6}, "😠"),
        ({"utf16_byte_start": 0, "utf16_byte_end": 10}, "a😠no"),
        ({"utf16_byte_start": 10, "utf16_byte_end": 10}, ""),
        ({"utf16_byte_start": 4, "utf16_byte_end": 8}, None),  # amid the emoji
        ({"utf16_byte_start": 4, "utf16_byte_end": 4}, None),
        ({"utf16_byte_start": 7, "utf16_byte_end": 10}, None),  # amid a unit
        ({"utf16_byte_start": 6, "utf16_byte_end": 12}, None),  # beyond the end
        ({"utf16_byte_start": 10, "utf16_byte_end": 6}, None),
        ({"utf16_byte_start": -2, "utf16_byte_end": 6}, None),
        ({"char_start": 1, "char_end": 3}, "😠n"),
        ({"char_start": 1, "char_end": 3, "utf16_byte_start": 0}, "😠n"),
        ({"char_start": 1, "char_end": 5}, None),
        ({"char_start": 9, "char_end": 9, "utf16_byte_start": 0, "utf16_byte_end": 2}, "a"),
        ({"utf16_byte_start": 2**63 - 2, "utf16_byte_end": 2**63 - 2}, None),
        ({"content_part": "subject", "utf16_byte_start": 8, "utf16_byte_end": 12}, "😠"),
        ({"content_part": "signature", "utf16_byte_start": 0, "utf16_byte_end": 0}, None),
        ({"message_index": 1, "utf16_byte_start": 0, "utf16_byte_end": 2}, None),
    ],
)
def test_a_span_covers_whole_characters_or_nothing(span: Row, text: str | None) -> None:
    assert text_of("a😠no", **span) == text


def test_without_messages_the_text_is_missing_and_all_else_is_there(page: pd.DataFrame) -> None:
    found = page[["uid", "entities"]].reinfer.entities()
    whole = page.reinfer.entities()
    assert found["text"].isna().all()
    assert str(found["text"].dtype) == "str"
    pd.testing.assert_frame_equal(found.drop(columns="text"), whole.drop(columns="text"))


def test_an_entity_counts_once_whatever_its_spans() -> None:
    spans = [{"content_part": "body", "message_index": 0}] * 2
    entities = [{"name": "a", "spans": spans}, {"name": "a", "spans": []}, {"name": "b"}]
    found = frame([{"uid": "x", "entities": entities}]).reinfer.entities()
    assert plain(found["entity_index"].tolist()) == [0, 0, 1, 2]
    assert plain(found["span_index"].tolist()) == [0, 1, None, None]


def test_a_capture_without_fields_keeps_its_row() -> None:
    forms = [{"label": "A", "capture": n, "fields": fields} for n, fields in enumerate([[], None])]
    found = frame([{"uid": "x", "moon_forms": forms}]).reinfer.extractions()
    assert found["capture"].tolist() == [0, 1]
    assert found["field"].isna().all()


# the tag


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_view_carries_a_tag_of_its_own(page: pd.DataFrame, name: str) -> None:
    view = view_of(page, name)
    assert view.attrs == page.attrs
    view.attrs["reinfer"]["resource"] = "changed"
    assert page.attrs["reinfer"]["resource"] == "datasets/acme/claims/comments"
    untagged = pd.DataFrame({"uid": ["a"], SOURCES[name]: [None]})
    assert view_of(untagged, name).attrs == {}


# what can't be


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_missing_column_is_named_with_where_it_comes_from(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        view_of(pd.DataFrame({"uid": ["a"]}), name)
    assert f"no column {SOURCES[name]!r}" in str(caught.value)
    assert "read_reinfer('datasets/{project}/{dataset}/comments')" in str(caught.value)
    assert "columns=" in str(caught.value)
    in_sources = SOURCES[name] in ("messages", "attachments")
    assert ("sources/{project}/{source}/comments" in str(caught.value)) == in_sources


def test_a_frame_without_uid_says_so(page: pd.DataFrame) -> None:
    with pytest.raises(ConfigurationError, match="no column 'uid'"):
        page.drop(columns="uid").reinfer.labels()


def test_frames_put_side_by_side_are_refused(page: pd.DataFrame) -> None:
    with pytest.raises(ConfigurationError, match=r"2 columns 'labels'.*merge\(on='uid'\)"):
        pd.concat([page, page[["labels"]]], axis=1).reinfer.labels()


@pytest.mark.parametrize("content", ["[{'name': 'A'}]", 3.5, {"name": "A"}, [{"probability": "A"}]])
def test_a_column_of_something_else_is_refused(content: object) -> None:
    df = pd.DataFrame({"uid": ["a"], "labels": pd.Series([content], dtype=object)})
    with pytest.raises(ConfigurationError, match="'labels' doesn't hold what read_reinfer puts"):
        df.reinfer.labels()


def test_a_column_that_came_through_csv_is_refused(page: pd.DataFrame) -> None:
    back = pd.read_csv(io.StringIO(page[["uid", "labels"]].to_csv()))
    with pytest.raises(ConfigurationError, match="CSV and JSON don't keep nested columns"):
        back.reinfer.labels()
