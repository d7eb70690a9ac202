"""Answers to frames: every example compared with what it becomes, and any answer of a schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinfer_pandas._catalogue import shapes
from reinfer_pandas._catalogue.catalogue import RESOURCES, find
from reinfer_pandas._catalogue.resource import Resource
from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns import wire
from reinfer_pandas._columns.dicts import record_batch
from reinfer_pandas._columns.parser import PageParser
from reinfer_pandas._columns.typed import typed
from reinfer_pandas._planning.options import plan_read
from reinfer_pandas._wire import Page
from reinfer_pandas.exceptions import ResponseError
from reinfer_pandas.frames import assemble

EXAMPLES = Path(__file__).parent / "examples"
CLAIMS = "datasets/acme/claims"
UID = "18ba5ce699f8da1f.0123456789abcdef"


def example(name: str) -> dict[str, Any]:
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def frame_of(path: str, answer: object, **options: object) -> pd.DataFrame:
    """Return the frame that an answer to a read becomes."""
    plan = plan_read(path, options)
    envelope = plan.request.envelope
    parser = PageParser(envelope, plan.schema, lambda _: True)
    return assemble([parser.reshape([parser.parse(json.dumps(answer).encode())])], plan.schema)


def rows_of(path: str, answer: object, **options: object) -> list[dict[str, Any]]:
    df = frame_of(path, answer, **options)
    columns = {name: [_missing_as_none(value) for value in df[name]] for name in df}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _missing_as_none(value: Any) -> Any:
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value


def same(found: Any, sent: Any) -> bool:
    """Tell whether a value of a frame is the one that was sent."""
    if isinstance(found, pd.Timestamp):
        return found == pd.Timestamp(sent)
    if isinstance(sent, dict | list) and isinstance(found, str):
        return json.loads(found) == sent
    if isinstance(found, dict):
        sent = sent or {}
        return all(same(value, sent.get(key)) for key, value in found.items())
    if isinstance(found, list):
        return len(found) == len(sent) and all(map(same, found, sent))
    return found == sent


@pytest.mark.parametrize(
    ("path", "name", "key"),
    [
        ("sources", "sources", "sources"),
        ("sources/a/b", "source", "source"),
        ("sources/a/b/statistics", "source-statistics", "statistics"),
        ("sources/a/b/threads", "threads", "threads"),
        ("datasets", "datasets", "datasets"),
        (f"{CLAIMS}/label-groups", "label-groups", "label_groups"),
        (f"{CLAIMS}/labellers/status", "dataset-status", "dataset_status"),
        (f"{CLAIMS}/model-tags", "model-tags", "model_tags"),
        (f"{CLAIMS}/labellers", "labellers", "labellers"),
        (f"{CLAIMS}/validation", "validation-private", "validation"),
        (f"{CLAIMS}/validation/scores", "validation-v1", "validation"),
        (f"{CLAIMS}/label-validation", "label-validation", "label_validation"),
        (f"{CLAIMS}/statistics", "dataset-statistics", "statistics"),
        (f"{CLAIMS}/summary", "dataset-summary", "summary"),
        (f"{CLAIMS}/streams", "streams", "streams"),
        (f"{CLAIMS}/streams/x", "stream", "stream"),
        ("auth/user", "current-user", "user"),
        ("users", "users", "users"),
        ("v1/users", "users-v1", "users"),
        ("projects", "projects", "projects"),
        ("v1/projects", "projects-v1", "projects"),
        ("projects/acme/resource_counts", "project-resource-counts", ""),
        ("quotas", "quotas", "quotas"),
        ("audit_events", "audit", "audit_events"),
        ("buckets", "buckets", "buckets"),
        ("buckets/a/b/emails", "bucket-emails", "emails"),
        ("buckets/id:6d00/keyed-sync-states", "keyed-sync-states", "keyed_sync_states"),
        ("integrations", "integrations", "integrations"),
    ],
)
def test_every_value_of_an_example_is_in_its_frame(path: str, name: str, key: str) -> None:
    answer = example(name)
    sent = answer[key] if key else answer
    sent = sent if isinstance(sent, list) else [sent]
    options = {"model_version": 12} if path.endswith("scores") else {}
    options |= {"label": "Order"} if "label-validation" in path else {}
    found = rows_of(path, answer, **options)
    schema = find(path)[0].schema
    assert len(found) == len(sent)
    for record, row in zip(sent, found, strict=True):
        assert tuple(row) == schema.names
        for column in schema.columns:
            if (column.key or column.name) in record:
                assert same(row[column.name], record[column.key or column.name]), column.name


def test_lifted_values_are_those_inside() -> None:
    (model,) = rows_of(f"{CLAIMS}/labellers", example("labellers"))
    assert (model["starred"], model["description"]) == (False, "")
    (validation,) = rows_of(f"{CLAIMS}/validation", example("validation-private"))
    assert (validation["rating_score"], validation["rating_quality"]) == (74.0, "good")
    (stream,) = rows_of(f"{CLAIMS}/streams", example("streams"))
    assert stream["model_version"] == 12
    assert stream["label_thresholds"] == [{"name": ["Order", "Cancel"], "threshold": 0.41}]
    (email,) = rows_of("buckets/a/b/emails", example("bucket-emails"))
    assert (email["size"], email["folder"], email["is_read"]) == (1042, ["Inbox"], True)
    assert email["sensitivity"] is None
    for kind, name in (
        ("exact", "bucket-statistics"),
        ("lower_bound", "bucket-statistics-lower-bound"),
    ):
        (count,) = rows_of("buckets/a/b/statistics", example(name))
        assert (count["kind"], count["count"]) == (
            kind,
            example(name)["statistics"]["count"]["value"],
        )
    (score,) = rows_of(f"{CLAIMS}/validation/labels", example("validation-private"))
    assert (score["name"], score["parts"]) == ("Order > Cancel", ["Order", "Cancel"])
    assert (score["threshold_balanced"], score["reviewed_size"]) == (0.55, 100)


def test_parallel_arrays_become_a_curve() -> None:
    path = f"{CLAIMS}/label-validation/curve"
    df = frame_of(path, example("label-validation"), label="Order > Cancel")
    assert df["threshold"].tolist() == [0.99, 0.8, 0.5, 0.01]
    assert df["precision"].tolist() == [1.0, 0.95, 0.88, 0.3]
    assert df["recall"].tolist() == [0.0, 0.4, 0.8, 1.0]
    mean = frame_of(f"{CLAIMS}/validation/curve", example("validation-private"))
    assert mean.to_numpy().tolist() == [[0.0, 1.0], [0.5, 0.93], [1.0, 0.41]]


def test_parallel_arrays_of_different_lengths_are_refused() -> None:
    answer = example("label-validation")
    answer["label_validation"]["recalls"].pop()
    with pytest.raises(ResponseError, match="thresholds 4, precisions 4, recalls 3"):
        frame_of(f"{CLAIMS}/label-validation/curve", answer, label="Order")


def test_definitions_come_out_of_the_dataset() -> None:
    dataset = example("datasets")["datasets"][0]
    answer = {"status": "ok", "dataset": dataset}
    defs = rows_of(f"{CLAIMS}/label-defs", answer)
    assert [(one["group"], one["name"]) for one in defs] == [
        ("default", "Order"),
        ("default", "Order > Cancel"),
    ]
    assert defs[1]["parts"] == ["Order", "Cancel"]
    (field,) = rows_of(f"{CLAIMS}/label-fields", answer)
    assert (field["label"], field["name"]) == ("Order > Cancel", "Order number")
    (entity,) = rows_of(f"{CLAIMS}/entity-defs", answer)
    assert entity["name"] == "order-number"
    (general,) = rows_of(f"{CLAIMS}/general-fields", answer)
    assert general["api_name"] == "order-number"
    del dataset["label_groups"]
    assert [one["name"] for one in rows_of(f"{CLAIMS}/label-defs", answer)] == [
        "Order",
        "Order > Cancel",
    ]


def test_label_counts_are_a_row_each() -> None:
    (row,) = rows_of(f"{CLAIMS}/statistics/labels", example("dataset-statistics"))
    assert row == {
        "name": "Order > Cancel",
        "parts": ["Order", "Cancel"],
        "positive": 212.4,
        "negative": 0.0,
    }


def test_both_shapes_of_the_time_series_are_the_same_frame() -> None:
    objects = example("dataset-statistics")
    lists = example("dataset-statistics")
    lists["statistics"]["label_timeseries"] = [["2024-03-01", 3.0, 3.0, 0.0, 2.1]]
    path = f"{CLAIMS}/statistics/timeline"
    df = frame_of(path, objects)
    pd.testing.assert_frame_equal(df, frame_of(path, lists))
    (row,) = rows_of(path, objects)
    assert row["timestamp"] == pd.Timestamp("2024-03-01", tz="UTC")
    assert (row["label"], row["count"], row["count_any"]) == ("Order > Cancel", 2.1, 3.0)


def test_a_time_series_without_labels_keeps_its_steps() -> None:
    answer = example("dataset-statistics")
    answer["statistics"]["label_timeseries"] = [["2024-03-01", 3], ["2024-03-02", 4, 1, 3]]
    answer["statistics"]["by_labels"] = []
    df = frame_of(f"{CLAIMS}/statistics/timeline", answer)
    assert df["count_any"].tolist() == [3.0, 4.0]
    assert df["label"].isna().all()


def test_counts_that_belong_to_no_label_keep_their_place() -> None:
    answer = example("dataset-statistics")
    answer["statistics"]["label_timeseries"] = [["2024-03-01", 3.0, 3.0, 0.0, 2.1, 0.9]]
    df = frame_of(f"{CLAIMS}/statistics/timeline", answer)
    assert df["label"].isna().all()
    assert df[["place", "count"]].to_numpy().tolist() == [[0, 2.1], [1, 0.9]]


def test_user_properties_of_all_kinds_are_rows() -> None:
    rows = rows_of(f"{CLAIMS}/user-properties", example("user-properties"))
    assert [(row["full_name"], row["name"], row["kind"], row["count"]) for row in rows] == [
        ("number:Order Value", "Order Value", "number", 900),
        ("string:Sender Domain", "Sender Domain", "string", 1284),
    ]
    assert rows[1]["values"] == [{"value": "company.com", "count": 210}]
    listed = rows_of(f"{CLAIMS}/summary/user-properties", example("dataset-summary"))
    assert [row["full_name"] for row in listed] == ["number:Order Value", "string:Sender Domain"]
    (label,) = rows_of(f"{CLAIMS}/summary/labels", example("dataset-summary"))
    assert (label["assigned_positive"], label["assigned_negative"]) == (100, 0)


def test_audit_ids_are_resolved_and_unknown_ones_kept() -> None:
    answer = example("audit")
    answer["audit_events"][0]["dataset_ids"].append("gone")
    (row,) = rows_of("audit_events", answer)
    assert (row["actor_username"], row["actor_tenant"]) == ("alice", "acme")
    assert row["dataset_ids"] == ["aa9dda7c059e5a8d", "gone"]
    assert row["datasets"] == ["orders", None]
    assert row["users"] is None
    del answer["users"], answer["tenants"]
    (row,) = rows_of("audit_events", answer)
    assert row["actor_username"] is None
    assert row["tenants"] == [None]


def test_ids_of_sync_states_are_rows() -> None:
    df = frame_of(
        "buckets/id:6d00/keyed-sync-state-ids", example("keyed-sync-state-ids"), mailbox="a@b.c"
    )
    assert df["id"].tolist() == ["9f86d081884c7d65"]


@pytest.mark.parametrize("key", ["label_group", "group", "found"])
def test_a_record_under_a_key_that_no_guide_names_is_found(key: str) -> None:
    group = example("label-groups")["label_groups"][0]
    (row,) = rows_of(f"{CLAIMS}/label-groups/default", {"status": "ok", key: group})
    assert row["name"] == "default"


# comments in other wrappers


def test_all_routes_of_comments_give_the_same_columns() -> None:
    paths = [f"{CLAIMS}/{tail}" for tail in ("comments", "export", "reviewed", "labellings")]
    schemas = {find(path)[0].schema.names for path in paths}
    assert len(schemas) == 1


def test_an_exported_comment_is_what_the_query_gives() -> None:
    (row,) = rows_of(f"{CLAIMS}/export", example("export-page"))
    (sent,) = example("export-page")["comments"]
    assert row["uid"] == sent["comment"]["uid"]
    assert [(x["name"], x["state"], x["probability"]) for x in row["labels"]] == [
        ("Order > Cancel", "assigned", None),
        ("Order > Cancel", "predicted", 0.98),
    ]
    assert row["thread_duration_s"] == 3600.0
    assert row["string:Sender Domain"] == "company.com"


def test_a_fetched_comment_carries_its_place() -> None:
    (row,) = rows_of(f"{CLAIMS}/streams/x/fetch", example("stream-fetch"))
    assert row["sequence_id"] == "ab8QcHIBAABJ1p3W2FtmBB3QiOJsCJlR"
    assert [x["parts"] for x in row["labels"]] == [["Order"], ["Order", "Cancel"]]
    assert row["entities"][0]["value"] == "48213"


def test_a_result_is_what_the_query_gives_and_as_sent() -> None:
    (row,) = rows_of(f"{CLAIMS}/streams/x/results", example("stream-results"))
    (sent,) = example("stream-results")["results"]
    assert row["sequence_id"] == sent["continuation"]
    assert json.loads(row["prediction"]) == sent["prediction"]
    assert [(x["name"], x["group"], x["probability"]) for x in row["labels"]] == [
        ("Order > Cancel", "default", 0.98)
    ]
    (form,) = row["moon_forms"]
    assert (form["label"], form["probability"]) == ("Order > Cancel", 0.9)
    assert form["fields"][0]["value"] == "48213"
    assert form["fields"][0]["spans"][0]["utf16_byte_start"] == 60
    assert row["entities"][0]["probability"] == 0.97
    assert row["label_properties"][0]["name"] == "quality_of_service"


def test_an_undetected_field_is_missing_not_an_error() -> None:
    answer = example("stream-results")
    answer["results"][0]["prediction"]["taxonomies"][0]["general_fields"][0]["value"] = None
    answer["results"].append({**answer["results"][0], "prediction": None})
    first, second = rows_of(f"{CLAIMS}/streams/x/results", answer)
    assert first["entities"][0]["value"] is None
    assert second["labels"] == []
    assert second["prediction"] is None


@pytest.mark.parametrize("found", [None, "", 7])
def test_a_batch_that_does_not_say_where_it_ends_is_refused(found: object) -> None:
    answer = example("stream-fetch") | {"sequence_id": found}
    with pytest.raises(ResponseError, match="where it ends"):
        frame_of(f"{CLAIMS}/streams/x/fetch", answer)


def test_predictions_for_texts_go_by_their_place() -> None:
    path = f"{CLAIMS}/predict"
    rows = rows_of(path, example("predict"), texts=["a", "b"], model_version=12)
    assert [row["document"] for row in rows] == [0, 1]
    assert [[x["name"] for x in row["labels"]] for row in rows] == [["Order", "Order > Cancel"], []]
    assert [len(row["entities"]) for row in rows] == [1, 0]
    assert [row["model_version"] for row in rows] == [12, 12]
    with pytest.raises(ResponseError, match="2 for 3 texts"):
        frame_of(path, example("predict"), texts=["a", "b", "c"], model_version=12)
    short = example("predict")
    short["entities"].pop()
    with pytest.raises(ResponseError, match="'entities' holds 1 for 2"):
        frame_of(path, short, texts=["a", "b"], model_version=12)


def test_predictions_for_comments_go_by_uid() -> None:
    path = f"{CLAIMS}/predict-comments"
    options = {"uids": ["x.1", UID, "x.2"], "model_version": 12}
    rows = rows_of(path, example("predict-comments"), **options)
    assert [row["uid"] for row in rows] == ["x.1", UID, "x.2"]
    assert [row["labels"] is None for row in rows] == [True, False, True]
    assert [row["model_version"] for row in rows] == [None, 12, None]
    with pytest.raises(ResponseError, match="weren't asked"):
        frame_of(path, example("predict-comments"), uids=["x.1"], model_version=12)


def test_thresholds_that_a_label_passes_stand_beside_it() -> None:
    answer = example("predict-comments")
    answer["predictions"][0]["labels"][0]["auto_thresholds"] = ["high_recall", "balanced"]
    (row,) = rows_of(f"{CLAIMS}/predict-comments", answer, uids=[UID], model_version=12)
    assert row["auto_thresholds"] == [["high_recall", "balanced"], None]


def test_a_comment_that_is_not_there_is_named() -> None:
    with pytest.raises(ResponseError, match="no comment with the uid"):
        frame_of(f"{CLAIMS}/labellings", example("labellings-page"), uids=["x.1"])


@pytest.mark.parametrize(
    ("path", "name", "key", "field"),
    [
        ("buckets/a/b/emails", "bucket-emails", "emails", "mime_content"),
        ("quotas", "quotas", "quotas", "hard_limit"),
        ("audit_events", "audit", "audit_events", "event_type"),
        (f"{CLAIMS}/streams", "streams", "streams", "dataset_id"),
        ("sources/a/b/threads", "threads", "threads", "comments"),
    ],
)
@pytest.mark.parametrize("change", ["null", "absent"])
def test_null_where_the_contract_says_required_is_named(
    path: str, name: str, key: str, field: str, change: str
) -> None:
    answer = example(name)
    if change == "null":
        answer[key][0][field] = None
    else:
        del answer[key][0][field]
    with pytest.raises(ResponseError, match=f"record 0 lacks the key '{field}'"):
        frame_of(path, answer)


# steps


@pytest.mark.parametrize(
    ("step", "row"),
    [
        (shapes.explode("x"), {"x": {}}),
        (shapes.explode("x"), {"x": [1]}),
        (shapes.lift("x"), {"x": []}),
        (shapes.items("x"), {"x": {"a": 1}}),
        (shapes.zipped(a="x"), {"x": 3}),
        (shapes.only(list), {"x": 3}),
        (shapes.only(dict), {"x": {}, "y": {}}),
        (shapes.timeline, {"label_timeseries": [3]}),
        (shapes.user_properties, {"user_properties": {"string": [3]}}),
    ],
)
def test_a_wrong_form_is_told_not_bent(step: shapes.Step, row: dict[str, object]) -> None:
    with pytest.raises(ResponseError):
        list(step(row, {}))


@given(st.lists(st.text(st.characters(exclude_characters=">"), min_size=1), min_size=1))
def test_parts_are_the_joined_name_parted(parts: list[str]) -> None:
    joined = " > ".join(parts)
    (row,) = shapes.parts()({"name": joined}, {})
    assert " > ".join(row["parts"]) == joined


# any answer


_TIMES = st.datetimes(
    min_value=pd.Timestamp("1990-01-01").to_pydatetime(),
    max_value=pd.Timestamp("2100-01-01").to_pydatetime(),
).map(lambda time: time.isoformat() + "Z")
_TEXTS = st.text(max_size=8)


def values_of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Return JSON values of an Arrow type."""
    plain = {
        s.STRING: _TEXTS,
        s.TIMESTAMP: _TIMES,
        s.INTEGER: st.integers(-(2**53), 2**53),
        s.FLOAT: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
        s.BOOLEAN: st.booleans(),
    }
    if kind in plain:
        return plain[kind]
    if pa.types.is_list(kind):
        return st.lists(values_of(kind.value_type), max_size=2)
    fields = {field.name: optional(values_of(field.type)) for field in kind}
    return st.fixed_dictionaries({}, optional=fields)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)


def records_of(schema: s.Schema) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return records that obey a schema: optional keys absent or null, and keys beyond it."""
    required, others = {}, {"a key of tomorrow": _ANYTHING}
    for column in schema.columns:
        values = _ANYTHING if column.free_form else values_of(column.type)
        if column.required:
            required[column.key or column.name] = values.filter(lambda value: value is not None)
        else:
            others[column.key or column.name] = optional(values)
    return st.lists(st.fixed_dictionaries(required, optional=others), max_size=3)


PLAIN = {r.schema.columns: r for r in RESOURCES if not r.schema.base}


@pytest.mark.parametrize("resource", PLAIN.values(), ids=lambda r: r.path)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_records_of_a_schema_become_its_columns(
    resource: Resource, data: st.DataObject
) -> None:
    schema = resource.schema
    records = data.draw(records_of(schema))
    batch = record_batch(records, schema)
    assert {field.name: field.type for field in batch.schema} == {
        column.name: column.type for column in schema.columns
    }
    for record, row in zip(records, batch.to_pylist(), strict=True):
        for column in schema.columns:
            sent, found = record.get(column.key or column.name), row[column.name]
            assert (found is None) == (sent is None)
            if column.free_form and sent is not None:
                assert json.loads(found) == sent
            elif sent is not None and not pa.types.is_nested(column.type):
                assert found == (pd.Timestamp(sent) if column.type == s.TIMESTAMP else sent)
    has_dtypes(assemble([batch], schema), schema)


def has_dtypes(df: pd.DataFrame, schema: s.Schema) -> None:
    for column in schema.columns:
        if not pa.types.is_nested(column.type):
            assert str(df[column.name].dtype) == column.dtype, column.name


_NAMED: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("timestamp", "created_at"), _TIMES),
    **dict.fromkeys(("last_modified", "sent_at", "time"), optional(_TIMES)),
    "prediction": st.none(),
    "user_properties": optional(
        st.dictionaries(st.sampled_from(["string:a", "string:b c"]), optional(_TEXTS), max_size=2)
        | st.dictionaries(st.sampled_from(["number:n"]), optional(st.integers(-9, 9)), max_size=1)
    ),
}


def json_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return JSON that decodes to a type."""
    match kind:
        case msgspec.inspect.StructType():
            needed, others = {}, {"a key of tomorrow": _ANYTHING}
            for field in kind.fields:
                known = field.name in _NAMED
                values = _NAMED[field.name] if known else json_of(field.type)
                (needed if field.required else others)[field.encode_name] = values
            return st.fixed_dictionaries(needed, optional=others)
        case msgspec.inspect.UnionType():
            return st.one_of(*map(json_of, kind.types))
        case msgspec.inspect.VarTupleType():
            return st.lists(json_of(kind.item_type), max_size=2)
        case msgspec.inspect.StrType():
            return _TEXTS
        case msgspec.inspect.IntType():
            return st.integers(-9, 9)
        case msgspec.inspect.FloatType():
            return st.integers(-9, 9).map(float)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
    raise AssertionError(kind)


TYPED = [  # one of each kind of record
    r
    for r in RESOURCES
    if r.schema.base in ("comment", "annotated")
    and not r.path.endswith(("labellings", "reviewed", "{comment}"))
]
_BESIDE = {"sequence_id": "s", "continuation": "c"}


@pytest.mark.parametrize("resource", TYPED, ids=lambda r: r.path)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_comments_become_the_declared_columns(resource: Resource, data: st.DataObject) -> None:
    is_row = resource.envelope.shape is None
    record = typed(wire.RECORDS[resource.schema.base]) if is_row else resource.envelope.record
    kind = msgspec.inspect.type_info(record)
    sent = data.draw(st.lists(json_of(kind), max_size=2))
    raws = [msgspec.Raw(json.dumps(record).encode()) for record in sent]
    schema = resource.schema
    parser = PageParser(resource.envelope, schema, lambda _: True)
    batch = parser.reshape([Page(len(raws), None, _BESIDE, raws)])
    declared = {column.name: column.type for column in schema.columns}
    found = {field.name: field.type for field in batch.schema if ":" not in field.name}
    assert found == declared
    comments = [record.get("comment", record) for record in sent]
    assert batch.column("uid").to_pylist() == [comment["uid"] for comment in comments]
    has_dtypes(assemble([batch], schema), schema)
