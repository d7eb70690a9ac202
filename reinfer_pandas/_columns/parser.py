"""Bodies to pages, and pages to columns: what one read needs of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from reinfer_pandas._columns.arrays import microseconds
from reinfer_pandas._columns.decode import decode_records, read_page, shape_records
from reinfer_pandas._columns.dicts import column_of, values_of
from reinfer_pandas._columns.fast import FastReader, RefusedError, comments_of
from reinfer_pandas._columns.lenient_json import check_utf8
from reinfer_pandas._columns.reshape import MAKERS, property_columns
from reinfer_pandas._columns.typed import learn, typed, wire_array
from reinfer_pandas._columns.wire import wanted_record
from reinfer_pandas._wire import Page
from reinfer_pandas.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reinfer_pandas._columns.schema import Schema
    from reinfer_pandas._wire import Envelope

_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError, AttributeError)


class Stamped(msgspec.Struct, gc=False):
    """Of a comment, with or without labels around it, its time alone."""

    timestamp: str | None = None
    comment: Stamped | None = None


class PageParser:
    """Makes pages of bodies, and columns of pages, for one read; any thread may call it.

    Parameters
    ----------
    envelope : Envelope
        Where the records are.
    schema : Schema
        The columns to make.
    wants : callable
        Tells of a column's name whether it is needed.
    properties : sequence of str, optional
        The user properties needed, where they are known; by default those that are met.
    """

    def __init__(
        self,
        envelope: Envelope,
        schema: Schema,
        wants: Callable[[str], bool],
        properties: Sequence[str] | None = None,
    ) -> None:
        self._envelope, self._schema, self._wants = envelope, schema, wants
        self._kind: Any = envelope.record
        self._fast: FastReader | None = None
        if schema.base:
            self._record = wanted_record(schema.base, wants, has_properties=properties != ())
            if envelope.shape is None:
                self._kind = typed(self._record)
                names = None if properties is None else tuple(properties)
                self._fast = FastReader(envelope, self._record, names)
        learn(self._kind, Stamped)

    def parse(self, body: bytes) -> Page:
        """Return the page that a body holds.

        Raises
        ------
        ResponseError
            The body isn't the JSON that the contract describes: see `read_page`.
        """
        if self._fast is not None:
            try:
                check_utf8(body)
                records, cursor = self._fast.read(body)
                return Page(len(records), cursor, {}, records, _times(records))
            except (UnicodeDecodeError, RefusedError):
                pass
        page = read_page(body, self._envelope)
        if self._schema.base in ("comment", "annotated"):
            return Page(page.n_rows, page.cursor, page.beside, page.records, _ends(page.records))
        return page

    def reshape(self, pages: Sequence[Page]) -> pa.RecordBatch:
        """Return the rows of some pages as columns.

        Parameters
        ----------
        pages : sequence of Page
            In the order of the rows; they may have been parsed in different ways.

        Raises
        ------
        ResponseError
            A record can't become a row; it is named by its place on its page.
        """
        try:
            columns = self._columns([self._rows(page) for page in pages])
        except _UNFIT as error:
            raise self._unfit(pages, error) from None
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def counts(self, pages: Sequence[Page]) -> list[int]:
        """Return how many rows each page comes to, which may differ from its records."""
        is_row = self._envelope.shape is None
        return [page.n_rows if is_row else len(self._rows(page)) for page in pages]

    def _columns(self, rows: Sequence[Any]) -> dict[str, pa.Array]:
        """Return the columns of some pages' rows."""
        declared = [column for column in self._schema.columns if self._wants(column.name)]
        if not self._schema.base:
            return {column.name: column_of(rows, column) for column in declared}
        arrays = [
            one if isinstance(one, pa.Array) else wire_array(one, self._record) for one in rows
        ]
        records, properties = zip(*map(_parted, arrays), strict=True)
        whole = pa.concat_arrays(records) if len(records) > 1 else records[0]
        columns = MAKERS[self._schema.base](whole, self._wants)
        if self._schema.properties_after and properties[0] is not None:
            columns |= property_columns(properties, self._wants)
        for column in declared:
            if column.name not in columns:
                values = [getattr(row, column.name) for page in rows for row in page]
                columns[column.name] = values_of(values, column)
        return columns

    def _rows(self, page: Page) -> Any:
        """Return a page's rows: an array, or decoded records."""
        if isinstance(page.records, pa.Array):
            return page.records
        records = decode_records(page.records, self._kind)
        return shape_records(records, self._envelope, page.beside)

    def _unfit(self, pages: Sequence[Page], error: Exception) -> ResponseError:
        """Return an error that names the first record that can't become a row."""
        for page in pages:
            rows = self._rows(page)
            for index in range(len(rows)):
                try:
                    self._columns([rows[index : index + 1]])
                except _UNFIT as found:
                    message = f"record {index} holds a value of another type than the API says"
                    return ResponseError(f"{message}: {found}", reason="wrong type")
        return ResponseError(f"the records can't be put in columns: {error}", reason="wrong type")


def _times(records: pa.StructArray) -> tuple[int, ...]:
    """Return the times of the first and last of some records; none where they can't be read."""
    comments = comments_of(records)
    if not len(records) or "timestamp" not in comments.type.names:
        return ()
    times = comments.field("timestamp")
    return _microseconds([times[0].as_py(), times[len(times) - 1].as_py()])


def _ends(records: Sequence[msgspec.Raw]) -> tuple[int, ...]:
    """Return the times of the first and last of some records that aren't decoded."""
    try:
        ends = decode_records((*records[:1], *records[-1:]), Stamped)
    except ResponseError:
        return ()  # `reshape` says which record it is
    found = [(end.comment or end).timestamp for end in ends]
    return _microseconds([time for time in found if time is not None])


def _microseconds(times: Sequence[str]) -> tuple[int, ...]:
    try:
        return tuple(map(microseconds, times))
    except pa.ArrowInvalid:
        return ()


def _parted(records: pa.StructArray) -> tuple[pa.StructArray, pa.Array]:
    """Return records without the user properties, and those, whose type differs by page."""
    names = records.type.names
    if "comment" in names:
        comments, properties = _parted(records.field("comment"))
        return _with(records, {"comment": comments}), properties
    if "user_properties" not in names:
        return records, None
    kept = [field.name for field in records.type if field.name != "user_properties"]
    return _with(records, {name: records.field(name) for name in kept}, only=True), records.field(
        "user_properties"
    )


def _with(
    records: pa.StructArray, changed: dict[str, pa.Array], *, only: bool = False
) -> pa.StructArray:
    """Return records, none of which is null, with some fields changed."""
    found = {} if only else {name: records.field(name) for name in records.type.names}
    found |= changed
    return pa.StructArray.from_arrays(list(found.values()), names=list(found))
