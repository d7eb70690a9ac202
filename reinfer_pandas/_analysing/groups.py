"""Who was slow, by what: route, hour, weekday, minute, page size, and any column of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reinfer_pandas import _latency
from reinfer_pandas._analysing.verdict import verdict
from reinfer_pandas._catalogue.catalogue import by_route
from reinfer_pandas._latency import HasRequests, pool
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reinfer_pandas._latency import Sources

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def latency(x: Sources, *, by: str | Sequence[str] | None = "resource") -> pd.DataFrame:
    """Sum up who was slow: the server, the network, or waits between retries.

    A sample is one attempt at one request, failed ones included: so every row of the result
    stands for rows of the requests frame, whatever they are grouped by. Its ``total`` is what
    our clock showed for it: the server's own time is the part that the platform reports, and
    network and overhead (DNS, TLS, wire, proxies, kernel) is the rest. Nothing is clipped, and
    where the platform reports no time, neither part is known. Waits before retries are in no
    sample; ``waited_share`` tells what they cost.

    We send the next request after the last answer (a closed loop), so that a stall of the
    server counts once, however many requests would have met it: this is no load test. The
    requests of `probe` go by a fixed rate instead, and the ``total`` of one that was sent late
    counts from when it was due.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        Frames of `read_reinfer`, requests frames (or some rows of one), clients. Several are
        pooled, sample by sample; frames cut from one read bring its requests once.
    by : str or sequence of str or None
        What to group by; None for one row. Columns of the requests frame (``resource``,
        ``status``, ``outcome``, ``attempt``, ``worker``, …), and ``route`` (its names in braces),
        ``hour``, ``weekday``, ``minute`` (when the attempt began, UTC), ``page_size`` (rows in the
        answer, up to the next power of two).

    Returns
    -------
    DataFrame, shape (groups, 17)
        Indexed by the groups, in their order:

        - ``n``, ``errors``, ``retries``: attempts, those that failed (``outcome`` isn't ``ok``),
          those after the first of their request;
        - ``waited_share``: the waits' share of all time, waits and attempts;
        - ``n_server``: attempts whose server time is known;
        - ``{server,network,total}_{p50,p90,p99,max}_ms`` [ms]. A quantile is a sample (numpy's
          ``inverted_cdf``), and NaN beyond 1 - 1/n: p99 needs 100 samples.

        Its ``attrs["verdict"]`` says in a sentence what bounded the read: see `verdict`.

    Raises
    ------
    ConfigurationError
        Where a frame carries no request log, or has no such column to group by.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("datasets")
    >>> rp.latency(df)[["n", "errors", "retries"]].to_dict("index")
    {'datasets': {'n': 1, 'errors': 0, 'retries': 0}}
    >>> rp.latency(df, by="route").index.tolist()
    ['GET /api/v1/datasets']
    """
    sources = listed(x)
    attempts = pool(sources)
    summary = _latency.latency(grouped(attempts, by), by=by)
    summary.attrs["verdict"] = str(verdict(sources))
    return summary


def listed(x: Sources) -> list[Any]:
    """Return frames and clients as a list, so that they can be gone through twice."""
    one = isinstance(x, pd.DataFrame | HasRequests)
    return list(x) if isinstance(x, Iterable) and not one else [x]


def grouped(attempts: pd.DataFrame, by: str | Sequence[str] | None) -> pd.DataFrame:
    """Return attempts with the columns to group them by that a log doesn't have.

    Parameters
    ----------
    attempts : DataFrame
        A requests frame.
    by : str or sequence of str or None
        As in `latency`.

    Raises
    ------
    ConfigurationError
        There is no such column.
    """
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    unknown = [key for key in keys if key not in attempts and key not in _MADE]
    if unknown:
        known = ", ".join(map(str, [*_MADE, *attempts.columns]))
        raise ConfigurationError(f"Can't group attempts by {unknown}.", hint=f"There is: {known}.")
    made = {key: _MADE[key](attempts) for key in keys if key not in attempts}
    return attempts.assign(**made)


def _routes(attempts: pd.DataFrame) -> pd.Series[Any]:
    """Return method and route, with names in braces; a route that isn't catalogued as it is."""
    asked = list(zip(attempts["method"], attempts["path"], strict=True))
    names = {each: _route(*each) for each in set(asked)}
    return pd.Series([names[each] for each in asked], attempts.index, dtype="str")


def _route(method: str, path: str) -> str:
    resource = by_route(method, path)
    return f"{method} {resource.route if resource else path}"


def _weekdays(attempts: pd.DataFrame) -> pd.Series[Any]:
    days = attempts["started_at"].dt.day_of_week.to_numpy("int64")
    names = pd.Categorical.from_codes(days, pd.Index(WEEKDAYS), ordered=True)
    return pd.Series(names, attempts.index)


def _page_sizes(attempts: pd.DataFrame) -> pd.Series[Any]:
    """Return the next power of two from the rows of an answer; missing where there is none."""
    rows = attempts["rows"].to_numpy("float64", na_value=np.nan)
    sizes = np.where(rows > 0, 2 ** np.ceil(np.log2(np.maximum(rows, 1))), rows)
    return pd.Series(sizes, attempts.index).astype("Int64")


_MADE: Mapping[str, Callable[[pd.DataFrame], pd.Series[Any]]] = {
    "route": _routes,
    "hour": lambda attempts: attempts["started_at"].dt.hour,
    "weekday": _weekdays,
    "minute": lambda attempts: attempts["started_at"].dt.floor("min"),
    "page_size": _page_sizes,
}
