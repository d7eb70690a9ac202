"""What has come of a read: each row once, in order, whatever the instant of Ctrl-C."""

from __future__ import annotations

import pyarrow as pa
import pytest
from interrupts import CtrlC

from reinfer_pandas._reading.received import OutOfOrderError, Received, Rows, split
from reinfer_pandas._wire import Attempt

ONCE = (object(),)


def rows(*uids: str, keys: tuple[int, ...] | None = None, request: int | None = None) -> Rows:
    columns = {"uid": pa.array(uids, pa.string())}
    if request is not None:
        columns["request"] = pa.array([request] * len(uids), pa.int64())
    found = pa.array(keys if keys is not None else range(len(uids)), pa.int64())
    return Rows(pa.record_batch(columns), (tuple[Attempt](ONCE),), {"last": uids}, found)


def uids(found: list[Rows]) -> list[str]:
    return [uid for one in found for uid in one.batch.column("uid").to_pylist()]


def test_rows_that_came_before_are_left_out() -> None:
    received = Received(unique="uid")
    assert received.add(rows("a", "b", "a")) == 2
    assert received.add(rows("b", "c")) == 1
    assert uids(received.rows) == ["a", "b", "c"]


def test_rows_may_repeat_where_nothing_tells_them_apart() -> None:
    received = Received()
    assert received.add(rows("a", "a")) + received.add(rows("a")) == 3


def test_no_more_than_the_rows_wanted_are_taken_in() -> None:
    received = Received(unique="uid", limit=3)
    received.add(rows("a", "b"))
    assert not received.is_enough
    assert received.n_wanted == 1
    received.add(rows("c", "d"))
    assert received.is_enough
    assert uids(received.rows) == ["a", "b", "c"]
    assert received.rows[-1].facts == {}  # what stands beside the last row doesn't hold for "c"


def test_keys_that_fall_are_refused_where_they_must_ascend() -> None:
    received = Received(unique="uid")
    received.add(rows("a", "b", keys=(5, 9)), must_ascend=True)
    with pytest.raises(OutOfOrderError):
        received.add(rows("c", keys=(8,)), must_ascend=True)
    received.add(rows("c", keys=(8,)))
    assert uids(received.rows) == ["a", "b", "c"]


def test_requests_are_counted_through() -> None:
    received = Received(unique="uid", is_numbered=True)
    for name in "abc":
        received.add(rows(name, request=0))
    numbers = [one.batch.column("request").to_pylist() for one in received.rows]
    assert numbers == [[0], [1], [2]]


def test_a_split_keeps_each_row_and_counts_each_request_once() -> None:
    whole = [rows("a", "b"), rows(), rows("c", "d", "e")]
    for n_rows in range(6):
        head, rest = split(whole, n_rows)
        assert uids(head) == list("abcde")[:n_rows]
        assert uids(head) + uids(rest) == list("abcde")
        assert sum(len(one.requests) for one in head + rest) == 3


@pytest.mark.parametrize("unique", ["uid", ""])
def test_ctrl_c_while_rows_are_taken_in_leaves_all_of_them_or_none(unique: str) -> None:
    with CtrlC() as clock:
        Received(unique=unique).add(rows("a", "b"))
    for instant in range(1, clock.n_instants + 1):
        received = Received(unique=unique)
        came = rows("a", "b")
        try:
            with CtrlC(instant):
                received.add(came)
        except KeyboardInterrupt:
            received.go_on()
            if not received.has(came):
                received.add(came)
        assert uids(received.rows) == ["a", "b"]
        assert (received.n_rows, received.n_requests) == (2, 1)
        assert received.add(rows("b", "c")) == (1 if unique else 2)
