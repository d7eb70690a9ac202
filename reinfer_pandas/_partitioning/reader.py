"""What a task reads: one partition, on whatever worker, with what comes along and no token."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pyarrow as pa
from dask.dataframe.extensions import make_array_nonempty
from distributed import warn

from reinfer_pandas._columns.schema import is_property
from reinfer_pandas._exporting.pieces import stamp
from reinfer_pandas._nested import NestedArray, NestedDtype
from reinfer_pandas._partitioning.columns import INDEX, OTHER, by_time, fitted
from reinfer_pandas._partitioning.worker_token import Connection, place, this_worker
from reinfer_pandas._version import __version__
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import TIMING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_MADE_HERE = frozenset({INDEX, OTHER.name, *(column.name for column in TIMING)})
_LATE = (
    "{} has user properties that weren't there when the read was planned: {}; they are in {!r}, "
    "as JSON"
)


class Stretch(NamedTuple):
    """The times of a partition [microseconds since 1970], and its place among all.

    It ends before `stop`; the last one includes it.
    """

    place: int
    start: int
    stop: int
    is_last: bool


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PartitionReader:
    """Reads one partition of a plan.

    Attributes
    ----------
    connection : Connection
        Where to, without a token.
    resource : str
        Resource path.
    options : Mapping
        Of the read, names in them looked up, without times and columns.
    order : int
        1 where the rows come oldest first, -1 where newest first.
    empty : DataFrame
        A partition without rows.
    has_all : bool
        Whether that has all columns, so that a user property without one is news.
    version : str
        Of this package, where it was planned.
    """

    connection: Connection
    resource: str
    options: Mapping[str, Any]
    order: int
    empty: pd.DataFrame
    has_all: bool = True
    version: str = __version__

    def __call__(self, times: Stretch, columns: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a stretch, in the order of time, with so many of the columns."""
        self._check_version()
        times = Stretch(*times)
        empty = self.empty[list(columns)]
        client = self.connection.client()
        asked = {**self.options, **self._asked(times), "columns": self._wanted(columns)}
        df = cast("pd.DataFrame", client._read(self.resource, asked))
        strange = [name for name in df.columns if is_property(name) and name not in self.empty]
        if strange and OTHER.name in empty and self.has_all:
            tell(_LATE.format(self.resource, ", ".join(strange), OTHER.name))
        return fitted(self._ordered(df, times), empty, strange)

    def __repr__(self) -> str:
        return f"<PartitionReader of {self.resource} at {self.connection.endpoint}>"

    def __dask_tokenize__(self) -> object:
        return type(self).__name__, self.connection.plan, self.version

    def _check_version(self) -> None:
        if self.version != __version__:
            raise ConfigurationError(
                f"{place(this_worker())} has reinfer_pandas {__version__}, and the read was "
                f"planned by {self.version}",
                hint="Install the same version on every worker, the scheduler and where you plan.",
            )

    def _asked(self, times: Stretch) -> dict[str, str]:
        """Return the times to ask for, both inclusive; those of the next partition's first too.

        A server that keeps whole milliseconds would leave out the last ones before a cut.
        """
        return {"start": str(stamp(times.start)), "end": str(stamp(times.stop))}

    def _wanted(self, columns: Sequence[str]) -> list[str] | None:
        """Return the columns to ask the reader for; all, where unknown ones are to be kept."""
        if OTHER.name in columns:
            return None
        return [INDEX, *(name for name in columns if name not in _MADE_HERE)]

    def _ordered(self, df: pd.DataFrame, times: Stretch) -> pd.DataFrame:
        """Return the rows of the stretch by time; those of one time keep their order or turn it."""
        tag = {**df.attrs["reinfer"], "partition": times.place}
        is_inside = times.is_last | (df[INDEX].astype("int64") < times.stop)
        if not is_inside.all():
            df = df[is_inside]
        df = by_time(df[:: self.order])
        if not df.index.is_monotonic_increasing:
            df = df.sort_index(kind="stable")
        df.attrs["reinfer"] = tag
        return df


def tell(message: str) -> None:
    """Warn where it is seen: where the tasks were sent from, if a worker runs this."""
    if this_worker() is None:
        warnings.warn(message, stacklevel=2)
    else:
        warn(message)


@make_array_nonempty.register(NestedDtype)  # type: ignore[untyped-decorator] # dask has no types
def nested_rows(dtype: NestedDtype) -> NestedArray:
    """Return two rows of a nested column, for Dask to try operations on."""
    return NestedArray(pa.nulls(2, dtype.pyarrow_dtype))
