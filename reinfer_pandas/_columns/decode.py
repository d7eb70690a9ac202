"""Bodies to records to Arrow, with errors that name the record and the key.

`read_page` runs inside the retried call, at the speed of a scan, so that a cut or garbled body is
asked for again. `decode_records` and `record_batch` run after it, in one thread: many threads that
make Python objects fight over the interpreter and each other's caches (measured: half as slow
again).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from reinfer_pandas._columns.arrays import build, json_texts
from reinfer_pandas._columns.comments import Arrays, annotated_arrays, comment_arrays
from reinfer_pandas._columns.lenient_json import check_utf8, decode
from reinfer_pandas._columns.prediction_arrays import prediction_arrays
from reinfer_pandas._wire import Envelope, Page
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reinfer_pandas._columns.schema import Column, Schema

_BOM = b"\xef\xbb\xbf"


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
    cursor = _cursor(answer.cursor)
    if not envelope.records:
        return Page((msgspec.Raw(body),), cursor)
    if answer.records is msgspec.UNSET:
        raise ResponseError(f"the key {envelope.records!r} is missing", reason="missing key")
    records = answer.records if isinstance(answer.records, tuple) else (answer.records,)
    beside = {key: getattr(answer, key) for key in envelope.beside}
    return Page(records, cursor, {**beside, "asked": envelope.asked})


def _cursor(found: object) -> str | None:
    """Return a continuation, an opaque text or a version number, as text."""
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found) or None


def _wrong_envelope(found: str, message: object) -> ResponseError:
    words = f"; the platform says: {message}" if message else ""
    return ResponseError(f"a success whose {found}{words}", reason="wrong envelope")


def _open(body: bytes, envelope: Envelope) -> Any:
    """Return the envelope's keys, its records as slices of the body."""
    if not body.strip():
        raise ResponseError("the body is empty", reason="empty body")
    body = body.removeprefix(_BOM)
    keys = (envelope.records, envelope.cursor, envelope.beside)
    try:
        check_utf8(body)
        try:
            return decode(body, _opener(*keys, tuple[msgspec.Raw, ...]))
        except msgspec.ValidationError as error:
            if not str(error).endswith(f"got `object` - at `$.{envelope.records}`"):
                raise
            return decode(body, _opener(*keys, msgspec.Raw))
    except UnicodeDecodeError as error:
        raise ResponseError(f"the body is not UTF-8: {error}", reason="not utf-8") from None
    except msgspec.ValidationError as error:
        raise _breach(error) from None
    except msgspec.DecodeError as error:
        raise ResponseError(f"the body is not JSON: {error}", reason="not json") from None


@cache
def _opener(
    records: str, cursor: str, beside: tuple[str, ...], kind: Any
) -> msgspec.json.Decoder[Any]:
    """Return the decoder of an envelope whose records are a list or one object."""
    fields = [
        ("status", str | None, None),
        ("message", str | None, None),
        ("records", kind | msgspec.UnsetType, msgspec.UNSET),
        ("cursor", str | None if records else Any, None),
        *((key, Any, None) for key in beside),
    ]
    keys = {"records": records or " none", "cursor": cursor or " none either"}
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


def shape_records(
    records: Sequence[Any], envelope: Envelope | None, beside: Mapping[str, Any]
) -> Sequence[Any]:
    """Return the rows that a page's records come to, where they aren't rows yet.

    Parameters
    ----------
    records : sequence
        Of one page, as `decode_records` returns them.
    envelope : Envelope or None
        Which shape they are to have.
    beside : Mapping of str to object
        What stands beside them.

    Raises
    ------
    ResponseError
        They can't have it.
    """
    if envelope is None or envelope.shape is None:
        return records
    try:
        return envelope.shape(records, beside)
    except msgspec.ValidationError as error:
        raise _breach(error) from None


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
    return pa.RecordBatch.from_arrays(list(found.values()), names=list(found))


_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError, AttributeError)


def _arrays(records: Sequence[Any], schema: Schema, wanted: Callable[[str], bool]) -> Arrays:
    if not schema.base:
        return {c.name: _column(records, c) for c in schema.columns if wanted(c.name)}
    arrays = _MAKERS[schema.base](records, wanted)
    declared = {c.name: c for c in schema.columns if wanted(c.name)}
    added = {
        name: _values([getattr(record, name) for record in records], c)
        for name, c in declared.items()
        if name not in arrays
    }
    return arrays | added


_MAKERS: Mapping[str, Callable[[Sequence[Any], Callable[[str], bool]], Arrays]] = {
    "comment": comment_arrays,
    "annotated": annotated_arrays,
    "prediction": prediction_arrays,
}


def _column(records: Sequence[dict[str, Any]], column: Column) -> pa.Array:
    values = [record.get(column.key or column.name) for record in records]
    if column.required and None in values:
        key = column.key or column.name
        message = f"record {values.index(None)} lacks the key {key!r}, which the API requires"
        raise ResponseError(message, reason="missing key")
    return _values(values, column)


def _values(values: Sequence[Any], column: Column) -> pa.Array:
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
