"""Streams as queues: what a stream lets through, and where its cursor stands.

Source: Re:infer API guide, streams.
"""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import as_text
from reinfer_pandas.sandbox.clock import START_US, timestamp
from reinfer_pandas.sandbox.dice import ident
from reinfer_pandas.sandbox.filters import Row, Selection, read_filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.sandbox.data import Dataset, Place
    from reinfer_pandas.sandbox.world import World

_SPECS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "acme/claims": (
        {
            "name": "late-payouts",
            "title": "Late payouts",
            "description": "Motor mail of this year, for the payout team",
            "comment_filter": {
                "timestamp": {"minimum": "2026-01-01T00:00:00Z"},
                "user_properties": {"string:Team": {"one_of": ["Motor"]}},
            },
            "model": {
                "version": 12,
                "label_thresholds": [{"name": ["Payment", "Late payout"], "threshold": 0.41}],
            },
        },
        {"name": "everything", "title": "Everything", "description": "", "model": {"version": 11}},
        {"name": "no-model", "title": "No model", "description": "Comments alone"},
    ),
    "globex/orders": (
        {"name": "orders", "title": "Bestellungen", "description": "", "model": {"version": 7}},
    ),
}


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: what it lets through, and what it says of it."""

    dataset: Dataset
    record: Mapping[str, Any]
    selection: Selection

    def takes(self, place: Place) -> bool:
        """Tell whether a comment passes the filter."""
        annotator, rank = place
        at_us = annotator.source.at_us(rank)
        first, last = self.selection.minimum_us, self.selection.maximum_us
        is_in_time = (first is None or at_us >= first) and (last is None or at_us <= last)
        return is_in_time and self.selection.takes(Row(annotator.source, rank, annotator))


class Batch(NamedTuple):
    """What a look at a stream gives: comments with the place after each, and where it ended."""

    found: list[tuple[Place, int]]
    filtered: int
    end: int


def streams_of(dataset: Dataset) -> dict[str, Stream]:
    """Return a dataset's streams, by name."""
    return {
        spec["name"]: Stream(
            dataset, _record(dataset, spec), read_filter(spec.get("comment_filter"))
        )
        for spec in _SPECS.get(dataset.plan.full_name, ())
    }


def _record(dataset: Dataset, spec: Mapping[str, Any]) -> dict[str, Any]:
    made = timestamp(START_US, 4)
    return {
        "id": ident("stream", dataset.plan.full_name, spec["name"]),
        "dataset_id": dataset.plan.id,
        "created_at": made,
        "updated_at": made if "model" in spec else None,
        **spec,
    }


def sequence_id(stream: Stream, place: int) -> str:
    """Return the opaque name of a place in a stream."""
    digest = blake2b(f"{stream.record['id']}{place}".encode(), digest_size=16).digest()
    return urlsafe_b64encode(struct.pack(">Q", place) + digest).decode()


def place_of_sequence(stream: Stream, name: object) -> int:
    """Return the place that a sequence id names, or refuse it."""
    text = as_text(name)
    try:
        place = struct.unpack(">Q", urlsafe_b64decode(text.encode("utf-8", "replace"))[:8])[0]
    except (Base64Error, UnicodeError, struct.error, ValueError):
        place = -1
    if place < 0 or sequence_id(stream, place) != text:
        raise RefusedError(400, f"{text!r} is not a valid sequence id")
    return int(place)


def look(world: World, stream: Stream, *, size: int, max_filtered: int) -> Batch:
    """Return the next comments of a stream; its cursor stays."""
    order = stream.dataset.in_order_of_creation()
    end, filtered = world.cursors.get(stream.record["id"]), 0
    found: list[tuple[Place, int]] = []
    while end < len(order) and len(found) < size and filtered < max_filtered:
        place = stream.dataset[order[end]]
        end += 1
        if stream.takes(place):
            found.append((place, end))
        else:
            filtered += 1
    return Batch(found, filtered, end)
