"""A folder of Parquet files that is being written, and that may be killed at any instant.

The manifest is what counts. A file is first written outside the folder, whole and flushed; then the
manifest that lists it replaces the one before; then the file is moved into the folder. So after any
instant `open` knows what is done: a listed file that isn't in the folder is moved there, and what
isn't listed is removed.

The manifest and what isn't done lie in a hidden folder beside, ``.NAME.export``: readers that are
given a folder take every file in it for data. Both hold private data, so nobody else may read them.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from reinfer_pandas._columns.schema import ANNOTATED_COMMENT, COMMENT, is_property, property_type
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

VERSION = 1
_BEFORE_PROPERTIES = (ANNOTATED_COMMENT.properties_after, COMMENT.properties_after)
MANIFEST, LOCK, PARTS = "manifest.json", "lock", "part-*.parquet"


class TimeRange(msgspec.Struct, frozen=True):
    """Times from `start` to `end`, both inclusive [microseconds since 1970]; None is open."""

    start: int | None = None
    end: int | None = None


class File(msgspec.Struct, frozen=True):
    """One file: its name, its rows, their times, and the user properties among its columns."""

    name: str
    rows: int
    times: TimeRange
    properties: tuple[str, ...] = ()


class Manifest(msgspec.Struct):
    """What a folder holds, and what is still to be read into it.

    Attributes
    ----------
    what : dict
        Resource, tenant and options.
    files : list of File
        Those that are written, in the order of their rows.
    todo : list of TimeRange
        What isn't read yet.
    next_number : int
        Of the next file.
    version : int
        Of this form.
    """

    what: dict[str, Any]
    files: list[File]
    todo: list[TimeRange]
    next_number: int = 0
    version: int = VERSION


class Dataset:
    """A folder that is being written by this process alone.

    Parameters
    ----------
    folder, beside : Path
        Where the files are, and where those are that aren't done.
    manifest : Manifest
        What it holds.
    """

    def __init__(self, folder: Path, beside: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.beside = beside
        self.manifest = manifest

    @classmethod
    @contextmanager
    def open(cls, folder: Path, what: dict[str, Any], todo: TimeRange) -> Iterator[Dataset]:
        """Open a folder to write on, or make a new one, until the context ends.

        Raises
        ------
        ConfigurationError
            It holds something else, or another process is writing it.
        """
        folder = folder.resolve()
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError(f"{str(folder)!r} is a file: name a folder")
        beside = folder.with_name(f".{folder.name}.export")
        for one in (folder, beside):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder, beside / LOCK):
            manifest = _load(folder, beside / MANIFEST) or Manifest(what, [], [todo])
            dataset = cls(folder, beside, manifest)
            dataset._check(what)
            dataset._tidy()
            try:
                yield dataset
            finally:
                dataset._tidy()

    @property
    def properties(self) -> list[str]:
        """The user properties of all files, sorted."""
        return sorted({name for file in self.manifest.files for name in file.properties})

    def write(self, df: pd.DataFrame, times: TimeRange) -> File:
        """Write a file beside, which isn't part of the folder before it is committed."""
        number, self.manifest.next_number = self.manifest.next_number, self.manifest.next_number + 1
        properties = tuple(sorted(filter(is_property, df.columns)))
        file = File(f"part-{number:06d}.parquet", len(df), times, properties)
        with self._written(file.name) as path:
            df[_in_place(df.columns, properties)].to_parquet(path, index=False, compression="zstd")
        return file

    def commit(
        self, files: Sequence[File], todo: list[TimeRange], *, without: Sequence[File] = ()
    ) -> None:
        """Make files part of the folder, in the place of others, and note what is left to do."""
        kept = [file for file in self.manifest.files if file not in without]
        self.manifest.files = [*kept, *files]
        self.manifest.todo = todo
        self._save()
        self._tidy()

    def unify(self) -> None:
        """Give each file the columns of all: readers take a folder's from one of its files."""
        names = self.properties
        for place, file in enumerate(self.manifest.files):
            if file.properties != tuple(names):
                self._widen(file, names)
                self.manifest.files[place] = msgspec.structs.replace(file, properties=tuple(names))
        self._save()

    def _widen(self, file: File, names: Sequence[str]) -> None:
        """Write a file again, with a column of nulls for each user property that it lacks."""
        path = self.folder / file.name
        table = pq.read_table(path)
        for name in names:
            if name not in table.schema.names:
                nulls = pa.nulls(table.num_rows, property_type(name))
                table = table.append_column(name, nulls)
        table = table.select(_in_place(table.schema.names, names))
        with self._written(file.name) as wide:
            pq.write_table(table, wide, compression="zstd")
        wide.replace(path)
        _flush(self.folder)

    @contextmanager
    def _written(self, name: str) -> Iterator[Path]:
        """Give a path outside the folder to write to; flush it, or remove it if that failed."""
        path = self.beside / f"{name}.new"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            yield path
            _flush(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _save(self) -> None:
        """Replace the manifest."""
        with self._written(MANIFEST) as path:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(self.manifest), indent=1))
        path.replace(self.beside / MANIFEST)
        _flush(self.beside)

    def _tidy(self) -> None:
        """Move into the folder what is listed and isn't there; remove what isn't listed."""
        listed = {file.name for file in self.manifest.files}
        for path in self.beside.glob(f"{PARTS}.new"):
            target = self.folder / path.stem
            if target.name in listed and not target.exists():
                path.replace(target)
            else:
                path.unlink()
        for path in self.folder.glob(PARTS):
            if path.name not in listed:
                path.unlink()
        _flush(self.folder)

    def _check(self, what: dict[str, Any]) -> None:
        """Refuse a folder that holds something else, or from which files are gone."""
        held = self.manifest.what
        if held != what:
            differing = sorted(k for k in held | what if held.get(k) != what.get(k))
            told = ", ".join(f"{key} {held.get(key)!r}" for key in differing)
            raise ConfigurationError(
                f"{str(self.folder)!r} holds an export of {told}",
                hint="Give what it was begun with, or another folder.",
            )
        for file in self.manifest.files:
            places = (self.folder / file.name, self.beside / f"{file.name}.new")
            if not any(place.exists() for place in places):
                raise ConfigurationError(
                    f"{file.name} is gone from {str(self.folder)!r}",
                    hint="Put it back, or export into another folder.",
                )


def _in_place(names: Iterable[str], properties: Sequence[str]) -> list[str]:
    """Return the columns of a file, the user properties where frames have them."""
    others = [name for name in names if not is_property(name)]
    before = [others.index(name) for name in _BEFORE_PROPERTIES if name in others]
    place = 1 + before[0] if before else len(others)
    return [*others[:place], *properties, *others[place:]]


def _load(folder: Path, path: Path) -> Manifest | None:
    """Return a folder's manifest; None where the folder is empty.

    Raises
    ------
    ConfigurationError
        It holds other Parquet files, or a manifest that can't be read.
    """
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        if any(folder.glob("*.parquet")):
            raise ConfigurationError(
                f"{str(folder)!r} holds Parquet files that are no export",
                hint="Name a folder that is new or empty.",
            ) from None
        return None
    try:
        manifest = msgspec.json.decode(written, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} can't be read: {error}") from error
    if manifest.version != VERSION:
        raise ConfigurationError(f"{str(folder)!r} was written by another version of this package")
    return manifest


@contextmanager
def _locked(folder: Path, path: Path) -> Iterator[None]:
    """Hold a folder's lock, which ends with this process at the latest."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _lock(handle)
        yield
    except BlockingIOError:
        raise ConfigurationError(
            f"another process is exporting into {str(folder)!r}", hint="Let it end first."
        ) from None
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as error:
            raise BlockingIOError from error
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _flush(path: Path) -> None:
    """Wait until what was written is on the disk; a folder's names too, where that can be had."""
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) if path.is_dir() else os.O_RDWR
    with suppress(PermissionError):  # Windows opens no folders
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
