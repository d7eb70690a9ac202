"""What each option means, and the check that makes of what a user gave what the wire takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reinfer_pandas._planning import documents, filters, orders
from reinfer_pandas._planning.numbers import share
from reinfer_pandas._planning.property_filters import user_properties
from reinfer_pandas.exceptions import ConfigurationError

MAX_WORKERS = 16
Check = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One option, which means the same wherever it is taken.

    Attributes
    ----------
    meaning : str
        What it is, and what it takes.
    check : callable
        Given its name and value, returns the value as the wire or the stages take it.
    """

    meaning: str
    check: Check


def _integer(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < least:
        raise ConfigurationError(f"{name}={value!r}: give a whole number, {least} or more")
    found: int = value.__index__()
    return found


def _limit(name: str, value: Any) -> int:
    return _integer(name, value, 0)


def _positive(name: str, value: Any) -> int:
    return _integer(name, value, 1)


def _workers(name: str, value: Any) -> int:
    if isinstance(value, bool) or value not in range(1, MAX_WORKERS + 1):
        raise ConfigurationError(f"{name}={value!r}: give 1 to {MAX_WORKERS}")
    return int(value)


def _yes_or_no(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name}={value!r}: give True or False, or leave it out")
    return value


def _timestamp(name: str, value: Any) -> str:
    """Return a time as the wire writes it, in UTC; a time without a zone is UTC.

    The wire counts microseconds: a start between two is moved up and an end down, so that no row
    outside is read.
    """
    time = _parse_time(name, value)
    time = time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")
    time = time.ceil("us") if name == "start" else time.floor("us")
    return time.tz_localize(None).isoformat() + "Z"


def _parse_time(name: str, value: Any) -> pd.Timestamp:
    hint = (
        "Give anything that pandas.Timestamp takes, such as '2026-01-31', "
        "'2026-01-31 09:30+01:00' or a datetime."
    )
    if isinstance(value, int | float):
        raise ConfigurationError(f"{name}={value!r} is a number, not a time", hint=hint)
    try:
        time = pd.Timestamp(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigurationError(f"{name}={value!r} isn't a time: {error}", hint=hint) from None
    if pd.isna(time):
        raise ConfigurationError(f"{name}={value!r} is no time; leave {name} out for an open end")
    return time


def _names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence | pd.Index):
        raise ConfigurationError(f"{name}={value!r}: give a list of column names")
    names = tuple(value)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
        raise ConfigurationError(f"{name}={value!r}: give one or more column names, each once")
    return names


def _one_of(*accepted: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in accepted:
            raise ConfigurationError(
                f"{name}={value!r}: give {' or '.join(map(repr, accepted))}, or leave it out"
            )
        return str(value)

    return check


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name}={value!r}: give a text")
    return value


def _json_bool(name: str, value: Any) -> str:
    return str(_yes_or_no(name, value)).lower()


def _version(name: str, value: Any) -> str:
    """Return a model's version, a number or a tag, as it stands in a path."""
    is_number = isinstance(value, str) and value.isascii() and value.isdigit()
    if value in ("live", "staging", "latest") or is_number:
        return str(value)
    if isinstance(value, str):
        raise ConfigurationError(f"{name}={value!r}: give a number, 'live' or 'staging'")
    return str(_integer(name, value, 1))


def _threshold(name: str, value: Any) -> float | str:
    return "auto" if value == "auto" else share(name, value)


def _seed(name: str, value: Any) -> int:
    found = _integer(name, value, 0)
    if found >= 2**31 - 1:
        raise ConfigurationError(f"{name}={value}: give 0 to {2**31 - 2}")
    return found


OPTIONS: Mapping[str, Option] = {
    "start": Option("earliest time, inclusive; anything pandas.Timestamp takes", _timestamp),
    "end": Option("latest time, inclusive; UTC where no zone is given", _timestamp),
    "limit": Option("rows wanted, exactly", _limit),
    "page_size": Option("rows asked for at once", _positive),
    "columns": Option("columns wanted, in this order", _names),
    "dtype_backend": Option(
        "'numpy_nullable' or 'pyarrow', as in pandas.read_parquet",
        _one_of("numpy_nullable", "pyarrow"),
    ),
    "timing": Option("'row' adds server_timing_ms and request to each row", _one_of("row")),
    "chunksize": Option("gives frames of so many rows, one after the other", _positive),
    "workers": Option("requests under way at once, 1 to 16", _workers),
    "progress": Option("shows one line of progress: True or False", _yes_or_no),
    "reviewed": Option("True: reviewed by people, False: not", filters.reviewed),
    "labels": Option("with any of these labels, names joined by ' > '", filters.any_label),
    "exclude_labels": Option("with none of these labels", filters.no_label),
    "user_properties": Option(
        "by name: a value, a list of values, or a range of numbers as a tuple",
        user_properties,
    ),
    "senders": Option("from any of these addresses", filters.people),
    "recipients": Option("to any of these addresses", filters.people),
    "sources": Option("of these sources, names or ids", filters.values),
    "attachments": Option(
        "True: with attachments, False: without; or extensions, or media types",
        filters.attachments,
    ),
    "filter": Option("a comment filter as the API has it", filters.raw_filter),
    "attribute_filters": Option("attribute filters as the API has them", filters.raw_attributes),
    "order": Option(
        "'recent', 'sample', 'by_label', 'learning', …, or an order as the API has it",
        orders.order,
    ),
    "seed": Option("of order='sample': the same seed gives the same order", _seed),
    "text": Option("words to search for; the best matches come first", _text),
    "model_version": Option(
        "model whose predictions are wanted: a number, 'live' or 'staging'", _version
    ),
    "threshold": Option("least probability that is given, 0 to 1, or 'auto'", _threshold),
    "only_labels": Option(
        "labels to predict: a list, or a dict with the threshold of each", documents.only_labels
    ),
    "documents": Option("texts, or comments as the API has them", documents.documents),
    "texts": Option("texts to predict for", documents.documents),
    "transform_tag": Option("how e-mails become comments", _text),
    "idempotent": Option("True: send again, although it may be billed twice", _yes_or_no),
    "uids": Option("comments, by their uids", filters.texts),
    "predictions": Option("True: with what the latest model predicts", _json_bool),
    "order_by": Option("'timestamp' or 'created_at'", _one_of("timestamp", "created_at")),
    "label": Option("label, parts joined by ' > '", _text),
    "resolution": Option(
        "'day', 'week', 'month' or 'year'", _one_of("day", "week", "month", "year")
    ),
    "timezone": Option("time zone of the steps, such as 'Europe/Berlin'", _text),
    "by_labels": Option("labels that are counted, in this order", filters.texts),
    "id": Option("message id, angle brackets included", _text),
    "mailbox": Option("mailbox, as in keyed-sync-states", _text),
    "max_filtered": Option("most comments that may be passed over at once", _positive),
}
"""Every option of every resource."""

COMMON = ("limit", "columns", "dtype_backend", "timing", "chunksize", "workers", "progress")
"""Options that every resource has."""
