"""Bodies to batches as a read makes them, the network aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pyarrow as pa

from reinfer_pandas._columns import schema as s
from reinfer_pandas._columns.parser import PageParser
from reinfer_pandas._wire import Envelope

QUERY = Envelope("results", "continuation")
COMMENTS = Envelope("comments", "continuation")
ENVELOPES = {"comment": COMMENTS, "annotated": QUERY}
SCHEMAS = {"comment": s.COMMENT, "annotated": s.ANNOTATED_COMMENT}


def everything(_: str) -> bool:
    """Want all columns."""
    return True


def parser(
    base: str, wants: Callable[[str], bool] = everything, *, exact: bool = False
) -> PageParser:
    """Return a parser of comments, or of annotated ones; if so wished, without the fast way."""
    made = PageParser(ENVELOPES[base], SCHEMAS[base], wants)
    if exact:
        made._fast = None
    return made


def body_of(base: str, records: Sequence[object], **beside: object) -> bytes:
    """Return the body of a page."""
    return json.dumps({"status": "ok", ENVELOPES[base].records: records, **beside}).encode()


def batch_of(base: str, records: Sequence[object], **options: bool) -> pa.RecordBatch:
    """Return records as columns."""
    made = parser(base, **options)
    return made.reshape([made.parse(body_of(base, records))])
