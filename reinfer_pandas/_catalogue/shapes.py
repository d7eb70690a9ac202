"""Answers to rows, where records aren't rows yet: a few steps, put together in the catalogue.

A step takes a record and what stands beside the records in the answer, and yields rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reinfer_pandas.exceptions import ResponseError

Row = dict[str, Any]
Step = Callable[[Row, Mapping[str, Any]], Iterable[Row]]


def each(*steps: Step) -> Callable[[Sequence[Any], Mapping[str, Any]], list[Row]]:
    """Return the shape that takes each record through some steps.

    >>> shape = each(explode("groups", group="name"), parts())
    >>> shape([{"groups": [{"name": "a > b"}], "name": "default"}], {})
    [{'group': 'default', 'name': 'a > b', 'parts': ['a', 'b']}]
    """

    def shape(records: Sequence[Any], beside: Mapping[str, Any]) -> list[Row]:
        rows = list(records)
        for step in steps:
            rows = [made for row in rows for made in step(_object(row, "record"), beside)]
        return rows

    return shape


def explode(key: str, **carried: str) -> Step:
    """Return the step from a record to the objects in a list of it.

    Parameters
    ----------
    key : str
        Key of the list.
    **carried : str
        Fields of the record that each object gets: new name, and key in the record.
    """

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        kept = {name: row.get(field) for name, field in carried.items()}
        for one in _list(row.get(key), key):
            yield kept | _object(one, key)

    return step


def lift(*keys: str) -> Step:
    """Return the step that puts an object's fields beside it, with its key before theirs.

    >>> next(iter(lift("count")({"count": {"kind": "exact", "value": 7}}, {})))
    {'count': {'kind': 'exact', 'value': 7}, 'count_kind': 'exact', 'count_value': 7}
    """

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        lifted = {
            f"{key}_{name}": value
            for key in keys
            for name, value in _object(row.get(key), key).items()
        }
        yield row | lifted

    return step


def items(key: str) -> Step:
    """Return the step from a record to the items of a mapping in it; its keys are their names."""

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        for name, value in _object(row.get(key), key).items():
            yield {"name": name, **_object(value, name)}

    return step


def within(key: str) -> Step:
    """Return the step from a record to an object in it."""

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        yield _object(row.get(key), key)

    return step


def zipped(**lists: str) -> Step:
    """Return the step from parallel lists to one row for each place.

    >>> list(zipped(x="xs", y="ys")({"xs": [1, 2], "ys": [3, 4]}, {}))
    [{'x': 1, 'y': 3}, {'x': 2, 'y': 4}]
    """

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        found = [_list(row.get(key), key) for key in lists.values()]
        if len(set(map(len, found))) > 1:
            sizes = [f"{key} {len(one)}" for key, one in zip(lists.values(), found, strict=True)]
            told = ", ".join(sizes)
            raise ResponseError(f"lists that belong together differ: {told}", reason="wrong type")
        for values in zip(*found, strict=True):
            yield dict(zip(lists, values, strict=True))

    return step


def parts(name: str = "name") -> Step:
    """Return the step that adds the parts of a label's joined name."""

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        joined = row.get(name)
        yield row | {"parts": joined.split(" > ") if isinstance(joined, str) else None}

    return step


def only(kind: type) -> Step:
    """Return the step to what an answer holds under a key that no guide names.

    Parameters
    ----------
    kind : {list, dict}
        Whether that is its only list, or its only object; where there is no object, the answer
        itself is the record.
    """

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        keys = [key for key, value in row.items() if isinstance(value, kind)]
        if len(keys) > 1 or (kind is list and not keys):
            raise ResponseError(f"no telling which holds the records: {', '.join(row)}")
        found = row[keys[0]] if keys else row
        for one in found if isinstance(found, list) else (found,):
            yield one if isinstance(one, dict) else {"value": one}

    return step


def as_sent(name: str) -> Step:
    """Return the step that keeps a whole record under one name, beside its fields."""

    def step(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
        yield {**row, name: row}

    return step


def named(name: str) -> Callable[[Sequence[Any], Mapping[str, Any]], list[Row]]:
    """Return the shape of records that are plain values: each under a name."""
    return lambda records, _: [{name: record} for record in records]


def label_defs(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a dataset's labels, of all groups; where it tells no groups, those of the default."""
    groups = _list(row.get("label_groups"), "label_groups")
    for group in groups or [{"name": "default", "label_defs": row.get("label_defs")}]:
        yield from explode("label_defs", group="name")(_object(group, "label_groups"), {})


def user_properties(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the user properties of all kinds, each with its kind."""
    for kind, found in _object(row.get("user_properties"), "user_properties").items():
        for one in _list(found, kind):
            told = _object(one, kind)
            full_name = told.get("full_name")
            name = full_name.partition(":")[2] if isinstance(full_name, str) else None
            yield {"name": name, "kind": kind, **told}


def timeline(row: Row, _: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row for each step of time and label, from either shape of the time series.

    The counts by label are in the order of ``by_labels``. Where there are more or fewer of them,
    no telling which is whose: they keep their place, and have no label.
    """
    labels = _list(row.get("by_labels"), "by_labels")
    for point in _list(row.get("label_timeseries"), "label_timeseries"):
        total, counts = _point(point)
        names = labels if len(labels) == len(counts) else [None] * len(counts)
        for place, (label, count) in enumerate(zip(names, counts, strict=True)):
            yield {**total, "label": label, "place": place, "count": count}
        if not counts:
            yield total


_TOTALS = ("timestamp", "count_any", "count_positive", "count_negative")
_TOTAL_KEYS = (
    "timestamp_str",
    "expected_count_any",
    "expected_count_positive",
    "expected_count_negative",
)


def _point(point: object) -> tuple[Row, list[Any]]:
    """Return a step's totals and its counts by label."""
    if isinstance(point, list):
        values, counts = point[:4], point[4:]
        values += [None] * (4 - len(values))
    else:
        found = _object(point, "label_timeseries")
        values = [found.get(key) for key in _TOTAL_KEYS]
        counts = _list(found.get("label_sentiment_counts"), "label_sentiment_counts")
    return dict(zip(_TOTALS, values, strict=True)), counts


SIDE_TABLES = ("tenants", "users", "projects", "sources", "datasets", "triggers")


def audit_names(row: Row, beside: Mapping[str, Any]) -> Iterator[Row]:
    """Yield an audit event with the names that its ids stand for, as far as the page tells them."""
    known = {table: _by_id(beside.get(table), table) for table in SIDE_TABLES}
    actor = _told(known["users"], row.get("actor_user_id"))
    tenant = _told(known["tenants"], row.get("actor_tenant_id"))
    names: Row = {
        "actor_username": actor.get("username"),
        "actor_email": actor.get("email"),
        "actor_tenant": tenant.get("name"),
    }
    for table in SIDE_TABLES:
        ids = row.get(f"{table[:-1]}_ids")
        name = "username" if table == "users" else "name"
        names[table] = ids and [_told(known[table], one).get(name) for one in _list(ids, table)]
    yield row | names


def _by_id(found: Any, table: str) -> dict[str, Row]:
    """Return what a side table tells of each id."""
    rows = [_object(one, table) for one in _list(found, table)]
    return {row["id"]: row for row in rows if isinstance(row.get("id"), str)}


def _told(known: Mapping[str, Row], found: Any) -> Row:
    """Return what an id stands for; nothing where the page doesn't tell."""
    return known.get(found, {}) if isinstance(found, str) else {}


def _object(value: Any, key: str) -> Row:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ResponseError(f"{key!r} holds what isn't an object", reason="wrong type")
    return value


def _list(value: Any, key: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ResponseError(f"{key!r} holds what isn't a list", reason="wrong type")
    return value
