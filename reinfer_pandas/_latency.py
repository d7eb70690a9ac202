"""Who was slow: the attempts behind frames and clients, pooled, and summed up in quantiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from reinfer_pandas._log import dump_log, join_logs, requests_frame
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

__all__ = ["dump_log", "join_logs", "latency", "pool", "requests_frame", "times_ms"]

Array: TypeAlias = npt.NDArray[Any]

PERCENTS = (50, 90, 99)
COUNTS = ("n", "errors", "retries", "n_server")
MEASURED = {"request", "attempt", "outcome", "server_ms", "elapsed_ms", "waited_ms"}


@runtime_checkable
class HasRequests(Protocol):
    """Whatever keeps a log: a client, the accessor of a frame."""

    def requests(self) -> pd.DataFrame:
        """Return one row for each attempt."""
        ...


Source: TypeAlias = pd.DataFrame | HasRequests
Sources: TypeAlias = Source | Iterable[Source]


def latency(x: Sources, *, by: str | Sequence[str] | None = "resource") -> pd.DataFrame:
    """Return the quantiles of attempts by their columns: see `_analysing.groups.latency`."""
    attempts = pool(x)
    codes, groups = _groups(attempts, by)
    summary = pd.DataFrame(_counts(attempts, codes, len(groups)), index=groups)
    summary = summary.astype(dict.fromkeys(COUNTS, "int64"))
    for name, values in times_ms(attempts).items():
        for statistic, found in _quantiles(values, codes, len(groups)).items():
            summary[f"{name}_{statistic}_ms"] = found
    return summary


def pool(x: Sources) -> pd.DataFrame:
    """Return the attempts behind frames or clients, their requests counted through.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        As in `latency`.

    Returns
    -------
    DataFrame, shape (attempts, at least 19)
        A requests frame. Its ``attrs["reinfer"]["replayed"]`` tells whether any of it comes
        from a replay, where our own clock means nothing.

    Raises
    ------
    ConfigurationError
        Where one of them has no request log.
    """
    one = isinstance(x, pd.DataFrame | HasRequests)
    sources = x if isinstance(x, Iterable) and not one else [x]
    found = dict(map(_attempts, sources))
    frames = list(_renumbered(found.values()))
    pooled = pd.concat(frames, ignore_index=True) if frames else requests_frame("[]")
    pooled.attrs = {"reinfer": {"replayed": any(_replayed(frame) for frame in found.values())}}
    return pooled


def times_ms(attempts: pd.DataFrame) -> dict[str, Array]:
    """Return each attempt's times: the server's, network and overhead, and both [ms].

    Parameters
    ----------
    attempts : DataFrame
        A requests frame.

    Returns
    -------
    dict of str to ndarray, shape (attempts,)
        ``server``, ``network``, ``total``; NaN where not known. The total of a request that was
        due at a time counts from then.
    """
    server, total = (
        attempts[name].to_numpy(dtype="float64", na_value=np.nan)
        for name in ("server_ms", "elapsed_ms")
    )
    network = total - server
    if "due_at" in attempts:
        late = (attempts["started_at"] - attempts["due_at"]).dt.total_seconds() * 1000
        total = total + late.fillna(0).to_numpy()
    return {"server": server, "network": network, "total": total}


def _attempts(source: object) -> tuple[Hashable, pd.DataFrame]:
    """Return what is behind a frame or client, with a key that tells equal logs."""
    if isinstance(source, pd.DataFrame):
        measured = set(source.columns) >= MEASURED
        return (id(source), source) if measured else _tagged(source)
    if isinstance(source, HasRequests):
        frame = source.requests()
        return id(frame), frame
    raise ConfigurationError(f"Latency is measured on frames and clients, not {type(source)}.")


def _tagged(df: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Return what is behind a frame of `read_reinfer`, and its log."""
    tag = df.attrs.get("reinfer") or {}
    log = tag.get("requests")
    if not isinstance(log, str):
        raise ConfigurationError(
            "This frame carries no request log.",
            hint=(
                "Frames of read_reinfer carry one in df.attrs['reinfer'], and keep it when copied,"
                " sliced, sorted, assigned to, or written to Parquet and read back; merge, join,"
                " plain pandas.concat, CSV and JSON lose it. Measure the frames before that, join"
                " them with reinfer_pandas.concat, or measure the client: latency(client)."
            ),
        )
    frame = requests_frame(log)
    frame.attrs = {"reinfer": {"replayed": bool(tag.get("replayed"))}}
    return log, frame


def _replayed(attempts: pd.DataFrame) -> bool:
    return bool(attempts.attrs.get("reinfer", {}).get("replayed"))


def _renumbered(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Count the requests of several frames through."""
    first = 0
    for frame in frames:
        numbered = frame.assign(request=frame["request"] + first)
        yield numbered
        first = int(numbered["request"].max()) + 1 if len(numbered) else first


def _groups(attempts: pd.DataFrame, by: str | Sequence[str] | None) -> tuple[Array, pd.Index[Any]]:
    """Return the number of each attempt's group, and the groups."""
    if by is None:
        return np.zeros(len(attempts), dtype="int64"), pd.RangeIndex(1)
    keys = [by] if isinstance(by, str) else list(by)
    unknown = [key for key in keys if key not in attempts.columns]
    if unknown or not keys:
        raise ConfigurationError(
            f"Can't group attempts by {unknown}.",
            hint=f"The requests frame has: {', '.join(map(str, attempts.columns))}.",
        )
    grouped = attempts.groupby(keys, dropna=False, observed=True)
    return grouped.ngroup().to_numpy(), grouped.size().index


def _counts(attempts: pd.DataFrame, codes: Array, n_groups: int) -> dict[str, Array]:
    """Return what is counted and summed, one value for each group."""

    def total(values: npt.ArrayLike) -> Array:
        return np.bincount(codes, weights=np.asarray(values, dtype="float64"), minlength=n_groups)

    waited_ms = total(attempts["waited_ms"])
    with np.errstate(invalid="ignore"):
        waited_share = waited_ms / (waited_ms + total(attempts["elapsed_ms"]))
    return {
        "n": total(np.ones(len(attempts))),
        "errors": total(attempts["outcome"] != "ok"),
        "retries": total(attempts["attempt"] > 1),
        "waited_share": waited_share,
        "n_server": total(attempts["server_ms"].notna()),
    }


def _quantiles(values: Array, codes: Array, n_groups: int) -> dict[str, Array]:
    """Return the quantiles of each group's known values, NaN beyond what they support."""
    known = ~np.isnan(values)
    values, codes = values[known], codes[known]
    ordered = values[np.lexsort((values, codes))]
    n = np.bincount(codes, minlength=n_groups)
    first = np.cumsum(n) - n

    def ranked(rank: Array, supported: npt.NDArray[np.bool_]) -> Array:
        found = np.full(n_groups, np.nan)
        found[supported] = ordered[(first + rank - 1)[supported]]
        return found

    # In whole numbers: a quantile q is the sample of rank ceil(q n), known for q <= 1 - 1/n.
    percentiles = {f"p{p}": ranked(-(-n * p // 100), n * (100 - p) >= 100) for p in PERCENTS}
    return {**percentiles, "max": ranked(n, n > 0)}
