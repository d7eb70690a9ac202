"""Attachments to files: each whole or not at all, under a name that every file system takes.

Source: Re:infer API guide, attachments: a reference is opaque, and absent where the content was
never uploaded.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from reinfer_pandas._columns.dicts import record_batch
from reinfer_pandas._columns.schema import INTEGER, STRING, Column, Schema
from reinfer_pandas._wire import Attempt, Request, Send
from reinfer_pandas.exceptions import ConfigurationError, ReinferError
from reinfer_pandas.frames import assemble, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


SAVED = Schema(
    "saved attachment",
    (
        Column("uid", STRING, "comment that it came with"),
        Column("attachment_index", INTEGER, "place among the comment's attachments, from 0"),
        Column("name", STRING, "file name as sent"),
        Column("size", INTEGER, "size as told", "bytes"),
        Column("content_type", STRING, "media type"),
        Column("attachment_reference", STRING, "what it was asked for by; missing: not uploaded"),
        Column("path", STRING, "where it was saved; missing where it wasn't"),
        Column("saved_bytes", INTEGER, "size of the file", "bytes"),
    ),
)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
LONGEST_NAME = 120


def safe_name(name: str) -> str:
    """Return a name that every file system takes, different for different names.

    >>> safe_name("order.pdf"), safe_name("../order?.pdf")
    ('order.pdf', '.._order_~6ab22a57.pdf')
    """
    clean = _UNSAFE.sub("_", name)
    fits = len(clean.encode()) <= LONGEST_NAME and not _RESERVED.fullmatch(clean)
    if clean == name and fits and name.strip(". ") and name == name.rstrip(". "):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem, dot, extension = clean.rpartition(".")
    if not stem.strip(". ") or len(extension.encode()) > 16:
        stem, dot, extension = clean, "", ""
    stem = stem.encode("utf-8", "replace")[: LONGEST_NAME - 30].decode("utf-8", "ignore")
    return f"{stem}~{digest}{dot}{extension}".rstrip(". ")


def wanted_files(given: Any) -> list[dict[str, Any]]:
    """Return the attachments that are meant, one record for each.

    Parameters
    ----------
    given : DataFrame, str or list of str
        A frame with a column ``attachments`` or ``attachment_reference``; or references.

    Raises
    ------
    ConfigurationError
        It is neither.
    """
    if isinstance(given, pd.DataFrame):
        if "attachment_reference" in given:
            return list(_of_attachments(given))
        if "attachments" in given:
            return list(_of_comments(given))
        raise ConfigurationError(
            "this frame has neither a column 'attachments' nor 'attachment_reference'"
        )
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, list | tuple | pd.Series) or not all(
        isinstance(one, str) and one for one in found
    ):
        raise ConfigurationError("give a frame of comments or attachments, or a list of references")
    return [{"attachment_reference": reference} for reference in found]


def _of_attachments(df: pd.DataFrame) -> Iterator[dict[str, Any]]:
    kept = [column.name for column in SAVED.columns[:-2] if column.name in df]
    for place, row in enumerate(df[kept].astype(object).itertuples(index=False)):
        found = {name: _plain(value) for name, value in zip(kept, row, strict=True)}
        yield {"attachment_index": place, **found}


def _plain(value: Any) -> Any:
    return None if value is pd.NA or value != value else value


def _of_comments(df: pd.DataFrame) -> Iterator[dict[str, Any]]:
    uids = df["uid"] if "uid" in df else df["id"] if "id" in df else [None] * len(df)
    for uid, attachments in zip(uids, df["attachments"], strict=True):
        is_list = hasattr(attachments, "__iter__")
        for index, one in enumerate(attachments if is_list else ()):
            yield {**one, "uid": uid, "attachment_index": index}


def download(
    given: Any,
    folder: str | os.PathLike[str],
    *,
    pipeline: Callable[[threading.Event], Send],
    host: str,
    workers: int = 1,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> pd.DataFrame:
    """Save attachments in a folder, and return a frame of them.

    Parameters
    ----------
    given : DataFrame, str or list of str
        As `wanted_files` takes it.
    folder : path
        Made if it isn't there. Each file lies in a folder of its comment.
    pipeline : callable
        Given what tells that it is over, returns what sends, retries and checks.
    host : str
        The tenant, for the tag.
    workers : int
        Requests under way at once.
    now : callable
        The time, UTC.

    Raises
    ------
    ReinferError
        With the frame of what had been saved as `partial`.
    """
    files = wanted_files(given)
    root, over = Path(folder), threading.Event()
    send = pipeline(over)
    log: list[tuple[Attempt, ...]] = []

    def save(record: Mapping[str, Any]) -> dict[str, Any]:
        reference = record.get("attachment_reference")
        if not reference or over.is_set():
            return {**record, "path": None, "saved_bytes": None}
        response = send(_request(reference))
        log.append(response.attempts)
        path = _place(root, record)
        write_whole(path, response.body)
        return {**record, "path": str(path), "saved_bytes": len(response.body)}

    saved: list[dict[str, Any]] = []
    try:
        with ThreadPoolExecutor(workers) as pool:
            try:
                saved.extend(pool.map(save, files))
            finally:
                over.set()
    except ReinferError as error:
        log.append(error.log)
        error.partial = _frame(saved, log, host, now())
        raise
    return _frame(saved, log, host, now())


def _request(reference: str) -> Request:
    return Request(
        method="GET",
        path=f"/api/v1/attachments/{quote(reference, safe='')}",
        accept="*/*",
        resource="attachments",
        permission="View sources",
    )


def _place(root: Path, record: Mapping[str, Any]) -> Path:
    """Return where an attachment is saved: names may repeat in a comment, places don't."""
    reference = str(record["attachment_reference"])
    if record.get("uid") is None:
        return root / safe_name(reference)
    name = safe_name(str(record.get("name") or reference))
    return root / safe_name(str(record["uid"])) / f"{record['attachment_index']}.{name}"


def write_whole(path: Path, body: bytes) -> None:
    """Write a file that appears when it is complete."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _frame(
    saved: Sequence[dict[str, Any]],
    log: Sequence[tuple[Attempt, ...]],
    host: str,
    fetched_at: datetime,
) -> pd.DataFrame:
    batch = record_batch(saved, SAVED)
    df = assemble([batch], SAVED)
    return tag(
        df,
        [tries for tries in log if tries],
        resource="attachments",
        host=host,
        fetched_at=fetched_at,
    )
