"""The exact way from bodies to records, with errors that name the record and the key.

`read_page` runs inside the retried call, at the speed of a scan, so that a cut or garbled body is
asked for again; `decode_records` runs when columns are made.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from reinfer_pandas._columns.lenient_json import check_utf8, decode
from reinfer_pandas._wire import Envelope, Page
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        return Page(1, cursor, records=(msgspec.Raw(body),))
    if answer.records is msgspec.UNSET:
        raise ResponseError(f"the key {envelope.records!r} is missing", reason="missing key")
    records = answer.records if isinstance(answer.records, tuple) else (answer.records,)
    beside = {key: getattr(answer, key) for key in envelope.beside}
    return Page(len(records), cursor, {**beside, "asked": envelope.asked}, records)


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
