"""A frame into a file, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def write(df: pd.DataFrame, path: Path) -> None:
    """Write a frame to a file, in the way that its suffix tells.

    The file is there when it is complete, and replaces an older one then.

    Parameters
    ----------
    df : DataFrame
        What to write.
    path : Path
        Ends in one of `WRITERS`.

    Raises
    ------
    OSError
        It can't be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        WRITERS[path.suffix](df, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_parquet(df: pd.DataFrame, path: Path) -> None:
    df.to_parquet(path, index=False)


def _write_csv(df: pd.DataFrame, path: Path) -> None:
    """Write CSV, with lists as JSON text."""
    flat = {
        name: [_json(value) for value in df[name].array] if _is_nested(df[name]) else df[name]
        for name in df.columns
    }
    pd.DataFrame(flat).to_csv(path, index=False)


def _write_jsonl(df: pd.DataFrame, path: Path) -> None:
    """Write an object a line; what is missing is null."""
    plain = [
        [None if _is_missing(value) else value for value in df[name].array] for name in df.columns
    ]
    with path.open("wb") as file:
        for values in zip(*plain, strict=True):
            file.write(
                msgspec.json.encode(dict(zip(df.columns, values, strict=True)), enc_hook=_simple)
            )
            file.write(b"\n")


def _is_nested(column: pd.Series[Any]) -> bool:
    """Tell a column of lists: in Arrow, and read back from Parquet, it is called object."""
    return str(column.dtype) == "object"


def _is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, list | dict) and bool(pd.isna(value)))


def _json(value: Any) -> str | None:
    return None if _is_missing(value) else msgspec.json.encode(value, enc_hook=_simple).decode()


def _simple(value: Any) -> Any:
    """Return a number of numpy's, or a timestamp of a list, as JSON can hold it."""
    return value.isoformat() if isinstance(value, pd.Timestamp) else value.item()


WRITERS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}
"""What writes a file, by its suffix."""
