"""The text that spans cover, found in the UTF-8 that Arrow holds.

Offsets come as bytes of UTF-16 or as characters. The characters that UTF-8 writes in several bytes
are sought out once in all texts of a batch, and from what they add, every span's ends are reckoned,
all at once: no text is decoded, and no span is looped over, be there emoji or not.

Source: Re:infer API guide, entities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reinfer_pandas._columns.schema import STRING

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

PARTS = ("body", "subject", "signature")
_BYTES_PER_UNIT = 2
_TWO_BYTES, _THREE_BYTES, _FOUR_BYTES = 0xC0, 0xE0, 0xF0  # least first byte in UTF-8 of such length


def covered_texts(spans: pa.StructArray, rows: Integers, messages: pa.ListArray) -> pa.Array:
    """Return the text that each span covers.

    Parameters
    ----------
    spans : pyarrow.StructArray
        Spans as in `_schema.SPAN`; null where there is none.
    rows : array of int
        Of each span, the place of its comment in `messages`.
    messages : pyarrow.ListArray
        Messages as in `_schema.MESSAGE`, a list for each comment.

    Returns
    -------
    pyarrow.LargeStringArray
        As long as `spans`; null where there is no span, where no such text is there, or where the
        text has no such stretch: offsets beyond its end, reversed, or amid a character.
    """
    places = _places(spans, rows, messages)
    used, which = np.unique(places, return_inverse=True)
    if not len(used) or used[-1] < 0:
        return pa.nulls(len(spans), STRING)
    texts = _texts(pc.list_flatten(messages), used)
    starts, ends = _stretches(spans, texts, which)
    found = pa.array((starts >= 0) & (ends >= starts))
    return pc.if_else(found, _cut(texts, starts, ends), pa.scalar(None, STRING))


def _places(spans: pa.StructArray, rows: Integers, messages: pa.ListArray) -> Integers:
    """Return the place of each span's text among all bodies, subjects, signatures; -1 for none."""
    counts = _numbers(pc.list_value_length(messages), missing=0)
    firsts, total = np.cumsum(counts) - counts, int(counts.sum())
    index = _numbers(pc.struct_field(spans, "message_index"))
    part = pc.index_in(pc.struct_field(spans, "content_part"), value_set=pa.array(PARTS, STRING))
    part = _numbers(part)
    known = (part >= 0) & (index >= 0) & (index < counts[rows])
    # Where it isn't known, the index may be too large to add to.
    return np.where(known, part * total + firsts[rows] + np.where(known, index, 0), -1)


def _texts(messages: pa.StructArray, used: Integers) -> pa.Array:
    """Return the texts at these places; for the place -1, which comes first, null."""
    n_messages = len(messages)
    found = [pa.nulls(int(np.count_nonzero(used < 0)), STRING)]
    for number, part in enumerate(PARTS):
        wanted = used[(used >= 0) & (used // max(n_messages, 1) == number)] - number * n_messages
        found.append(pc.struct_field(messages, part).take(pa.array(wanted)))
    return pa.concat_arrays(found)


def _stretches(
    spans: pa.StructArray, texts: pa.Array, which: Integers
) -> tuple[Integers, Integers]:
    """Return where each span begins and ends in the bytes of all texts; -1 where it doesn't fit."""
    data, bounds = _bytes(texts)
    wide = np.flatnonzero(data >= _TWO_BYTES)
    # UTF-16 has two units for what UTF-8 writes in four bytes, and one for all else.
    by_units = Scale.of(data, wide, 1 + (data[wide] >= _FOUR_BYTES))
    by_characters = Scale.of(data, wide, np.ones_like(wide))
    has_units = _is_given(spans, "utf16_byte_start") & _is_given(spans, "utf16_byte_end")
    has_text = np.asarray(texts.is_valid())[which]
    first, last = bounds[which], bounds[which + 1]
    ends = []
    for end in ("start", "end"):
        utf16_bytes = _numbers(pc.struct_field(spans, f"utf16_byte_{end}"))
        units = np.where(utf16_bytes % _BYTES_PER_UNIT == 0, utf16_bytes // _BYTES_PER_UNIT, -1)
        characters = _numbers(pc.struct_field(spans, f"char_{end}"))
        found = np.where(
            has_units,
            _positions(by_units, first, last, units),
            _positions(by_characters, first, last, characters),
        )
        ends.append(np.where(has_text, found, -1))
    return ends[0], ends[1]


def _bytes(texts: pa.Array) -> tuple[Bytes, Integers]:
    """Return the UTF-8 of all texts, and where in it each begins and the last ends."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    found = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return found[bounds[0] : bounds[-1]], bounds - bounds[0]


@dataclass(frozen=True, slots=True)
class Scale:
    """Bytes of UTF-8 against a count of something else, which differs at wide characters alone.

    Attributes
    ----------
    at : array of int
        Byte at which each character of several bytes begins.
    begins : array of int
        The count there.
    ends : array of int
        The count after each of them; before the first, 0.
    surplus : array of int
        Bytes beyond the count, before each of them and after the last.
    """

    at: Integers
    begins: Integers
    ends: Integers
    surplus: Integers

    @classmethod
    def of(cls, data: Bytes, at: Integers, counts: Integers) -> Self:
        """Return the scale of a count that gives each wide character so much, each other 1."""
        lead = data[at]
        surplus = _running(2 + (lead >= _THREE_BYTES) + (lead >= _FOUR_BYTES) - counts)
        begins = at - surplus[:-1]
        return cls(at, begins, np.concatenate([[0], begins + counts]), surplus)

    def count(self, byte: Integers) -> Integers:
        """Return how much is counted before a byte that begins a character."""
        return byte - self.surplus[np.searchsorted(self.at, byte)]

    def byte(self, count: Integers) -> Integers:
        """Return the byte before which so much is counted; -1 amid a character."""
        passed = np.searchsorted(self.begins, count)
        return np.where(count < self.ends[passed], -1, count + self.surplus[passed])


def _positions(scale: Scale, first: Integers, last: Integers, offset: Integers) -> Integers:
    """Return the byte at an offset in the text from `first` to `last`; -1 where there is none."""
    begin = scale.count(first)
    fits = (offset >= 0) & (offset <= scale.count(last) - begin)
    return np.where(fits, scale.byte(begin + np.where(fits, offset, 0)), -1)


def _running(counts: Integers) -> Integers:
    """Return the sum before each number, and at the end."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def _cut(texts: pa.Array, starts: Integers, ends: Integers) -> pa.Array:
    """Return the stretches of bytes as texts; empty where there is none."""
    data, _ = _bytes(texts)
    lengths = np.where(starts >= 0, np.maximum(ends - starts, 0), 0)
    bounds = _running(lengths)
    picked = np.repeat(starts - bounds[:-1], lengths) + np.arange(bounds[-1])
    return pa.LargeStringArray.from_buffers(
        len(lengths), pa.py_buffer(bounds), pa.py_buffer(data[picked])
    )


def _numbers(array: pa.Array, *, missing: int = -1) -> Integers:
    return np.asarray(pc.fill_null(array, missing), np.int64)


def _is_given(spans: pa.StructArray, field: str) -> Flags:
    return np.asarray(pc.struct_field(spans, field).is_valid())
