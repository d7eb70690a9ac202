"""The fast way from JSON to the wire's arrays: Arrow's own reader, which needs no Python objects.

It takes a page whole or not at all. What it lets pass and shouldn't is looked for first; what it
refuses is left to the exact way, which says what is wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.arrays import POOL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reinfer_pandas._wire import Envelope

_TEXT = ["text", "translated_from"]
_BEGINS = re.compile(rb"[ \t\r\n]*+\{")
_NAME_LISTS = re.compile(rb'"name"\s*:\s*\[')
_NO_NUMBER = re.compile(rb"(?:NaN|Inf(?:inity)?)\s*[,\]}]")
EXACT_BELOW = 2.0**53
"""Whole numbers from here on may not be those that were sent."""


class RefusedError(Exception):
    """A page isn't one for the fast way."""


class FastReader:
    """Reads pages of one kind of record.

    Parameters
    ----------
    envelope : Envelope
        Where the records are.
    record : pyarrow.StructType
        What is needed of each.
    names : sequence of str, optional
        The user properties wanted; all by default.
    """

    def __init__(
        self, envelope: Envelope, record: pa.StructType, names: tuple[str, ...] | None = None
    ) -> None:
        self._envelope = envelope
        self._record = record
        self._is_open = names is None
        self._names = names or ()
        self._name_list = b'"name":['
        self._ways = tuple(_ways(record))
        self._schema = lru_cache(4)(self._make_schema)

    def read(self, body: bytes) -> tuple[pa.StructArray, str | None]:
        """Return the records of a page, which must be UTF-8, and its continuation.

        Raises
        ------
        RefusedError
            The exact way has to decide.
        """
        if not _BEGINS.match(body):
            raise RefusedError("no object")  # a first null would end the process
        if _may_hold_no_number(body):
            raise RefusedError("perhaps a number that is none")
        names = self._names
        page = self._page(body, names)
        records = self._records(page)
        if self._is_open and (new := _new_names(body, records, names)):
            names = self._names = tuple(dict.fromkeys((*self._names, *names, *new)))
            page = self._page(body, names)
            records = self._records(page)
        if not all(_has_all(_struct_at(records, way)) for way in self._ways):
            raise RefusedError("something required is missing")
        _check_numbers(records)
        cursor = page[self._envelope.cursor][0].as_py() if self._envelope.cursor else None
        return records, cursor or None

    def _records(self, page: pa.Table) -> pa.StructArray:
        if page.num_rows != 1 or page["status"][0].as_py() != "ok":
            raise RefusedError("not one answer that is ok")
        lists = page[self._envelope.records].chunk(0)
        if lists.null_count:
            raise RefusedError("no records")
        return lists.flatten()

    def _make_schema(self, names: tuple[str, ...]) -> pa.Schema:
        properties = pa.struct({name: s.property_type(name) for name in names})
        items = pa.field("item", _readable(self._record, properties), nullable=False)
        keys = {"status": s.STRING, self._envelope.records: pa.list_(items)}
        keys |= {self._envelope.cursor: s.STRING} if self._envelope.cursor else {}
        return pa.schema([pa.field(name, kind) for name, kind in keys.items()])

    def _page(self, body: bytes, names: tuple[str, ...]) -> pa.Table:
        """Parse; label names that are lists are given a key of their own first.

        A text can't be altered by that: within it, a quote has a backslash before it.
        """
        schema = self._schema(names)
        if "comment" not in self._record.names:
            return parse(body, schema)
        for found in dict.fromkeys((self._name_list, b'"name":[', b'"name": [')):
            try:
                page = parse(body.replace(found, b'" parts":['), schema)
            except RefusedError:
                continue
            self._name_list = found
            return page
        return parse(_NAME_LISTS.sub(b'" parts":[', body), schema)


def parse(body: bytes, schema: pa.Schema, unexpected: str = "ignore") -> pa.Table:
    """Read JSON objects with Arrow.

    Raises
    ------
    RefusedError
        Arrow can't, or a value isn't of the schema's type.
    """
    try:
        return pj.read_json(
            pa.BufferReader(body),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(body) + 64),
            parse_options=pj.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior=unexpected
            ),
            memory_pool=POOL,
        )
    except pa.ArrowException as error:
        raise RefusedError(str(error)) from None


def _may_hold_no_number(body: bytes) -> bool:
    """Tell whether ``NaN`` or ``Infinity`` may stand where a value should."""
    data = np.frombuffer(body, np.uint8)
    for begin in (b"Na", b"In"):
        for shift in (0, 1):
            pairs = data[shift : shift + ((len(data) - shift) & ~1)].view(np.uint16)
            found = np.flatnonzero(pairs == np.frombuffer(begin, np.uint16))
            if any(_NO_NUMBER.match(body, 2 * place + shift) for place in found.tolist()):
                return True
    return False


def _readable(
    kind: pa.DataType, properties: pa.StructType, *, in_optional: bool = False
) -> pa.DataType:
    """Return a type for Arrow's reader, which takes no required field of a struct that is null."""
    if pa.types.is_list(kind):
        item = kind.value_field.with_type(_readable(kind.value_type, properties))
        return pa.list_(item.with_nullable(not pa.types.is_struct(item.type)))
    if not pa.types.is_struct(kind):
        return kind
    return pa.struct(
        [
            pa.field(
                f.name,
                properties
                if f.name == "user_properties"
                else _readable(f.type, properties, in_optional=f.nullable),
                f.nullable or in_optional,
            )
            for f in kind
        ]
    )


def comments_of(records: pa.StructArray) -> pa.StructArray:
    """Return the comments, which annotated ones hold."""
    return records.field("comment") if "comment" in records.type.names else records


def _check_numbers(records: pa.StructArray) -> None:
    """Refuse whole numbers that the reader may have bent: a float doesn't hold all large ones."""
    comments = comments_of(records)
    if "user_properties" not in comments.type.names:
        return
    properties = comments.field("user_properties")
    for place, field in enumerate(properties.type):
        if field.type == s.FLOAT:
            ends = pc.min_max(properties.field(place))
            least, most = ends["min"].as_py(), ends["max"].as_py()
            if most is not None and not -EXACT_BELOW < least <= most < EXACT_BELOW:
                raise RefusedError("a whole number that a float may not hold")


def _ways(kind: pa.DataType, *, in_optional: bool = False) -> Iterator[tuple[int, ...]]:
    """Yield the ways to the structs that Arrow's reader can't be told all requirements of."""
    if pa.types.is_list(kind):
        yield from _ways(kind.value_type)
    elif pa.types.is_struct(kind):
        if " parts" in kind.names or (in_optional and kind.names == _TEXT):
            yield ()
        for place, field in enumerate(kind):
            inner = _ways(field.type, in_optional=field.nullable)
            yield from ((place, *way) for way in inner)


def _struct_at(array: pa.Array, way: tuple[int, ...]) -> pa.StructArray:
    while pa.types.is_list(array.type):
        array = array.values
    return _struct_at(array.field(way[0]), way[1:]) if way else array


def _has_all(found: pa.StructArray) -> bool:
    """Tell whether nothing required is missing that the reader couldn't be told to require."""
    names = found.type.names
    if names == _TEXT:
        return bool(found.field("text").null_count == found.null_count)
    if " parts" not in names:
        return True
    name, parts = found.field("name"), found.field(" parts")
    if parts.values.null_count:
        return False
    if parts.null_count == len(parts):
        return bool(name.null_count == found.null_count)
    one = pc.xor(name.is_valid(), parts.is_valid())
    return bool(pc.all(pc.or_(one, found.is_null()), min_count=0).as_py())


def _new_names(body: bytes, records: pa.StructArray, names: tuple[str, ...]) -> list[str]:
    """Return the names of user properties on a page that weren't known when it was parsed."""
    properties = comments_of(records).field("user_properties")
    n_given = len(properties) - properties.null_count
    if not n_given or _holds_only(_roughly_cut(body), properties):
        return []
    found = list(_cut_objects(body))
    if len(found) != n_given:
        raise RefusedError("user properties in unknown places")
    known = {name: s.property_type(name) for name in names}
    lines = parse(b"\n".join(found), pa.schema(known), "infer")
    if lines.num_rows != n_given:
        raise RefusedError("user properties that aren't plain")
    return [name for name in lines.schema.names if name not in known]


def _roughly_cut(body: bytes) -> bytes:
    """Return what lies between the key of the user properties and the next brace, all of it."""
    found, place = [], body.find(_KEY)
    while place >= 0:
        end = body.find(b"}", place)
        found.append(body[place + len(_KEY) : end])
        place = body.find(_KEY, end)
    return b"\n".join(found)


def _cut_objects(body: bytes) -> Iterator[bytes]:
    """Yield the objects of the user properties, from where their key is met in the body.

    Within a text it can't be met: there, a quote has a backslash before it.
    """
    for key in re.finditer(_KEY, body):
        cut = _OBJECT.match(body, key.end())
        if cut:
            yield cut[1]
        elif not _NULL.match(body, key.end()):
            raise RefusedError("user properties that aren't plain")


_KEY = b'"user_properties"'
_NULL = re.compile(rb"\s*:\s*null")
_OBJECT = re.compile(
    rb'\s*+:\s*+(\{[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+\})', re.DOTALL
)


def _holds_only(found: bytes, properties: pa.StructArray) -> bool:
    """Tell whether some objects hold no members but those that were parsed.

    Each member has a colon behind its name, and two quotes, and two more where its value is text:
    so many there must be, so that a brace within a text shows too. A null, or a blank before a
    colon, costs a closer look.
    """
    n_members = n_texts = 0
    for place, field in enumerate(properties.type):
        cells = properties.field(place)
        n_valid = len(cells) - cells.null_count
        n_members += n_valid
        n_texts += n_valid * (field.type == s.STRING)
    if b"\\" in found or found.count(b'":') != n_members:
        return False
    return found.count(b'"') == 2 * (n_members + n_texts)
