"""A resource into a folder of Parquet files, whatever its size, and whatever happens meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from reinfer_pandas._exporting.dataset import Dataset, File, TimeRange
from reinfer_pandas._exporting.pieces import Source, pieces, source_of, stamp
from reinfer_pandas.exceptions import ConfigurationError, ReinferError
from reinfer_pandas.reader import default_client

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from reinfer_pandas.client import Client

ROWS_PER_FILE = 50_000
_GO_ON = "What was read is kept: export again, as before, and it goes on."


def export_reinfer(
    resource: str,
    folder: str | PathLike[str],
    *,
    client: Client | None = None,
    update: bool = False,
    rows_per_file: int = ROWS_PER_FILE,
    **options: Any,
) -> pd.DataFrame:
    """Read a resource into a folder of Parquet files.

    No more than a few pages for each worker and two files' rows are in memory at once. A file is
    there when it is complete. Broken off at any instant (by an error, Ctrl-C, a power cut), the
    same call goes on: no row is lost, none comes twice. That holds for comments in the order of
    time; other resources are small, and are read anew.

    The folder is a dataset that `pandas.read_parquet`, DuckDB, Polars and Dask read as it is; each
    file carries the tag of its requests.

    Parameters
    ----------
    resource : str
        A resource path, as for `read_reinfer`.
    folder : path-like
        New, empty, or begun by the same call. Only its owner may read what is in it.
    client : Client, optional
        The connection; by default the one of `login`, else of the environment.
    update : bool
        Fetch what is new in a folder that is complete: what is later or earlier than all that is
        there, and each file's range of which the platform counts other than the file has rows. What
        changed within a comment without changing their number, a label for instance, isn't told
        by the API, so it isn't seen.
    rows_per_file : int
        Rows in a file, about.
    **options
        As for `read_reinfer`, but for `limit` and `chunksize`.

    Returns
    -------
    DataFrame, shape (files, 4)
        ``file``, ``start`` and ``end`` (the range of its rows' times, both inclusive; missing
        where it is open), ``rows``.

    Raises
    ------
    ConfigurationError
        The folder holds something else, or is in use; no such resource or option.
    APIError, NetworkError, ResponseError
        What ended the read; what was read is kept.
    OSError
        A file can't be written, for want of space for instance; what was written is kept.

    Examples
    --------
    >>> import tempfile
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=500) as client, tempfile.TemporaryDirectory() as folder:
    ...     files = rp.export_reinfer("datasets/acme/claims/comments", folder, client=client)
    ...     df = pd.read_parquet(folder)
    >>> len(df), int(files["rows"].sum())
    (350, 350)
    """
    if isinstance(rows_per_file, bool) or not isinstance(rows_per_file, int) or rows_per_file < 1:
        raise ConfigurationError(f"rows_per_file={rows_per_file!r}: give 1 or more")
    source = source_of(client or default_client(), resource, options, rows_per_file)
    with Dataset.open(Path(folder), source.what, source.whole) as dataset, _told():
        for todo in list(dataset.manifest.todo):
            _fill(dataset, source, todo)
        if update:
            for stale in _stale(dataset, source):
                _replace(dataset, source, stale)
        dataset.unify()
        return _listing(dataset.manifest.files)


@contextmanager
def _told() -> Iterator[None]:
    """Tell with whatever ends an export that it can go on."""
    try:
        yield
    except ReinferError as error:
        error.hint = f"{error.hint} {_GO_ON}" if error.hint else _GO_ON
        raise
    except (OSError, KeyboardInterrupt) as error:
        error.add_note(_GO_ON)
        raise


def _fill(dataset: Dataset, source: Source, todo: TimeRange) -> None:
    """Read what is still to be read; each file counts as soon as its range is complete."""
    others = [one for one in dataset.manifest.todo if one != todo]
    waiting: list[File] = []
    for df, times, rest in pieces(source, todo):
        if df is not None:
            waiting.append(dataset.write(df, times))
        elif not waiting:
            waiting.append(dataset.write(source.nothing(), times))
        if rest is not todo:
            complete = [msgspec.structs.replace(file, times=times) for file in waiting]
            dataset.commit(complete, [rest, *others] if rest else others)
            waiting, todo = [], rest or todo


def _replace(dataset: Dataset, source: Source, stale: Sequence[File]) -> None:
    """Read a range anew, and put it in the place of its files when it is complete."""
    found = pieces(source, stale[0].times)
    fresh = [dataset.write(df, times) for df, times, _ in found if df is not None]
    fresh = fresh or [dataset.write(source.nothing(), stale[0].times)]
    dataset.commit(fresh, dataset.manifest.todo, without=stale)


def _stale(dataset: Dataset, source: Source) -> list[list[File]]:
    """Return the files, by range, of which the platform counts other rows than they have."""
    by_times: dict[TimeRange, list[File]] = {}
    for file in dataset.manifest.files:
        by_times.setdefault(file.times, []).append(file)
    return [
        files
        for times, files in by_times.items()
        if not source.order or source.count(times) != sum(file.rows for file in files)
    ]


def _listing(files: Sequence[File]) -> pd.DataFrame:
    """Return the files as a frame."""
    times = [(stamp(file.times.start), stamp(file.times.end)) for file in files]
    columns = {
        "file": pd.Series([file.name for file in files], dtype="str"),
        "start": pd.Series([start for start, _ in times], dtype="datetime64[us, UTC]"),
        "end": pd.Series([end for _, end in times], dtype="datetime64[us, UTC]"),
        "rows": pd.Series([file.rows for file in files], dtype="Int64"),
    }
    return pd.DataFrame(columns)
