"""Bodies to records to Arrow, with errors that name the record and the key.

`read_page` runs inside the retried call, at the speed of a scan, so that a cut or garbled body is
asked for again. `decode_records` and `record_batch` run after it, in one thread: many threads that
make Python objects fight over the interpreter and each other's caches (measured: half as slow
again).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from reinfer_pandas._arrow import build, json_texts
from reinfer_pandas._comments import Arrays, annotated_arrays, comment_arrays
from reinfer_pandas._schema import ANNOTATED_COMMENT, COMMENT, Column, Schema
from reinfer_pandas._wire import Envelope, Page
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_DEPTH = 200
"""Values nested deeper than this become null where the parser gives up; no field lies so deep."""

_BOM = b"\xef\xbb\xbf"
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
_JSON_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_page(body: bytes, envelope: Envelope) -> Page:
    """Return the records, still as JSON, and the continuation that a 2xx body holds.

    Parameters
    ----------
    body : bytes
        JSON as sent.
    envelope : Envelope
        Where the records are.

    Raises
    ------
    ResponseError
        The body isn't the JSON that the contract describes. Its `reason` tells how: ``empty
        body``, ``not utf-8``, ``not json``, ``wrong envelope``, ``missing key``, ``wrong type``.
    """
    answer = _open(body, envelope)
    if answer.status != "ok":
        raise _wrong_envelope(f"status is {answer.status!r}", answer.message)
    cursor = answer.cursor if isinstance(answer.cursor, str) and answer.cursor else None
    if not envelope.records:
        return Page((msgspec.Raw(body),), cursor)
    if answer.records is msgspec.UNSET:
        raise ResponseError(f"the key {envelope.records!r} is missing", reason="missing key")
    records = answer.records if isinstance(answer.records, tuple) else (answer.records,)
    return Page(records, cursor)


def _wrong_envelope(found: str, message: object) -> ResponseError:
    words = f"; the platform says: {message}" if message else ""
    return ResponseError(f"a success whose {found}{words}", reason="wrong envelope")


def _open(body: bytes, envelope: Envelope) -> Any:
    """Return the envelope's keys, its records as slices of the body."""
    if not body.strip():
        raise ResponseError("the body is empty", reason="empty body")
    body = body.removeprefix(_BOM)
    try:
        check_utf8(body)
        try:
            return decode(body, _opener(envelope, tuple[msgspec.Raw, ...]))
        except msgspec.ValidationError as error:
            if not str(error).endswith(f"got `object` - at `$.{envelope.records}`"):
                raise
            return decode(body, _opener(envelope, msgspec.Raw))
    except UnicodeDecodeError as error:
        raise ResponseError(f"the body is not UTF-8: {error}", reason="not utf-8") from None
    except msgspec.ValidationError as error:
        raise _breach(error) from None
    except msgspec.DecodeError as error:
        raise ResponseError(f"the body is not JSON: {error}", reason="not json") from None


@cache
def _opener(envelope: Envelope, records: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of an envelope whose records are a list or one object."""
    fields = [
        ("status", str | None, None),
        ("message", str | None, None),
        ("records", records | msgspec.UnsetType, msgspec.UNSET),
        ("cursor", str | None if envelope.records else Any, None),
    ]
    keys = {"records": envelope.records or " none", "cursor": envelope.cursor or " none either"}
    return msgspec.json.Decoder(msgspec.defstruct("Answer", fields, rename=keys, gc=False))


def decode_records(raws: Sequence[msgspec.Raw], record: Any) -> list[Any]:
    """Return the records of a page, typed.

    Parameters
    ----------
    raws : sequence of msgspec.Raw
        As `read_page` returns them.
    record : type
        What each is decoded to.

    Raises
    ------
    ResponseError
        A record lacks a required key, or a value is of another type.
    """
    decoder = _decoder(record)
    try:
        return [decoder.decode(raw) for raw in raws]
    except (msgspec.DecodeError, RecursionError):
        return [_decode_one(raw, index, decoder) for index, raw in enumerate(raws)]


def _decode_one(raw: msgspec.Raw, index: int, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decode(bytes(raw), decoder)
    except msgspec.ValidationError as error:
        raise _breach(error, f"record {index}") from None


_decoder = cache(msgspec.json.Decoder)


def check_utf8(body: bytes) -> None:
    """Check at memory speed that a body is UTF-8; the decoder skips over text that isn't used.

    Raises
    ------
    UnicodeDecodeError
        It isn't.
    """
    if body.isascii():
        return
    offsets = pa.array([0, len(body)], pa.int64()).buffers()[1]
    array = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(body)])
    try:
        array.cast(pa.large_string())
    except pa.ArrowInvalid:
        body.decode()


def decode(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Decode; where that fails, once more without what no parser should stumble over."""
    try:
        return decoder.decode(body)
    except RecursionError:
        return decoder.decode(prune(body, MAX_DEPTH))
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = replace_lone_surrogates(body)
        if mended == body:
            raise
        return decoder.decode(mended)


def replace_lone_surrogates(body: bytes) -> bytes:
    r"""Replace escapes of half a character by U+FFFD.

    Text that was cut at a fixed length may end in half an emoji; JSON allows it, Unicode doesn't.

    >>> replace_lone_surrogates(rb'"\ud83d \ud83d\ude00 \\ud83d"')
    b'"\\ufffd \\ud83d\\ude00 \\\\ud83d"'
    """
    return _SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def prune(body: bytes, depth: int) -> bytes:
    """Replace every value that lies deeper than `depth` by null.

    Markup trees nest without bound, and parsers that recurse give up near 1,000 levels.

    >>> prune(b'{"a": [1, [2, ["3]"]]]}', 2)
    b'{"a": [1, null]}'
    """
    kept: list[bytes] = []
    level = start = 0
    for token in _JSON_TOKENS.finditer(body):
        if token[0] in (b"[", b"{"):
            level += 1
            if level == depth + 1:
                kept += [body[start : token.start()], b"null"]
        elif token[0] in (b"]", b"}"):
            if level == depth + 1:
                start = token.end()
            level -= 1
    return b"".join(kept) + body[start:]


def _breach(error: msgspec.ValidationError, record: str = "") -> ResponseError:
    """Return the error for JSON that isn't what the contract says."""
    what, _, where = str(error).partition(" - at `$")
    place = f"{record}{where}".strip(".`")
    if not place:
        return _wrong_envelope(f"JSON isn't an object ({what})", None)
    reason = "missing key" if what.startswith("Object missing") else "wrong type"
    return ResponseError(f"{what}, at {place}", reason=reason)


def record_batch(
    records: Sequence[Any], schema: Schema, wanted: Callable[[str], bool]
) -> pa.RecordBatch:
    """Return the wanted columns of a page's records.

    Parameters
    ----------
    records : sequence
        Of one page, as `decode_records` returns them.
    schema : Schema
        The columns to make.
    wanted : callable
        Tells of a column's name whether it is asked for.

    Raises
    ------
    ResponseError
        A record lacks a key that the contract requires, or holds a value of another type.
    """
    try:
        arrays = _arrays(records, schema, wanted)
    except _UNFIT as error:
        raise _unfit(records, schema, error) from None
    found = {name: array for name, array in arrays.items() if wanted(name)}
    return pa.RecordBatch.from_pydict(found)


_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError, AttributeError)


def _arrays(records: Sequence[Any], schema: Schema, wanted: Callable[[str], bool]) -> Arrays:
    if schema is COMMENT:
        return comment_arrays(records, wanted)
    if schema is ANNOTATED_COMMENT:
        return annotated_arrays(records, wanted)
    return {c.name: _column(records, c) for c in schema.columns if wanted(c.name)}


def _column(records: Sequence[dict[str, Any]], column: Column) -> pa.Array:
    values = [record.get(column.key or column.name) for record in records]
    if column.required and None in values:
        key = column.key or column.name
        message = f"record {values.index(None)} lacks the key {key!r}, which the API requires"
        raise ResponseError(message, reason="missing key")
    return json_texts(values) if column.free_form else build(values, column.type)


def _unfit(records: Sequence[Any], schema: Schema, error: Exception) -> ResponseError:
    """Return an error that names the first record that can't become a row."""
    for index, record in enumerate(records):
        try:
            _arrays([record], schema, lambda _: True)
        except _UNFIT as found:
            message = f"record {index} holds a value of another type than the API says: {found}"
            return ResponseError(message, reason="wrong type")
    return ResponseError(f"the records can't be put in columns: {error}", reason="wrong type")
