"""Two reads compared: their quantiles, how far each has moved, and whose time that is.

Source: Conover, Practical Nonparametric Statistics, 3.2 (intervals of quantiles by ranks);
Efron and Tibshirani, An Introduction to the Bootstrap, 13.3 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from reinfer_pandas._latency import pool, times_ms
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from reinfer_pandas._latency import Sources

Array: TypeAlias = npt.NDArray[Any]

PARTS = ("total", "server", "network")
PERCENTS = (50, 90, 99)
DRAWS = 10_000
SEED = 20261123
CONFIDENCE = 0.95
NEAR = 0.05
"""Whose time a quantile is, is the mean over attempts so near it, as a share of all."""

SURE = 0.15
"""How far from all, or from nothing, the server's share of a shift may be to be called that."""


def compare_latency(reads: Mapping[str, Sources]) -> pd.DataFrame:
    """Compare two reads: quantiles, how far they have moved, and whose time that is.

    Samples are attempts, as in `latency`, failed ones included. They count as independent: where
    a stall slowed several in a row, the intervals are narrower than they should be.

    Parameters
    ----------
    reads : Mapping of str to what `latency` takes
        Two, the first one the base: ``{"before": a, "after": b}``. Frames of `read_reinfer`, also
        read back from Parquet, requests frames, clients, or lists of them.

    Returns
    -------
    DataFrame, shape (9, 10)
        Indexed by ``part`` (total, server, network) and ``quantile`` (p50, p90, p99), in ms:

        - for each read, under its name, ``{name}_ms`` and the bounds of its 95 % interval,
          ``{name}_low_ms`` and ``{name}_high_ms``: samples themselves, by their ranks;
        - ``shift_ms``, ``shift_low_ms``, ``shift_high_ms``: how far the quantile moved, and the
          95 % interval of that (bootstrap of 10,000 draws with a fixed seed);
        - ``server_share``: how much of the shift of the total is the server's, by the attempts
          near the quantile; missing where the shift isn't clear of 0, and for the other parts.

        A quantile is missing beyond 1 - 1/n, and a bound that no sample supports is.
        ``attrs["verdict"]`` says in a sentence what moved.

    Raises
    ------
    ConfigurationError
        Where there aren't two reads, or one carries no request log.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> def read(latency):
    ...     with rp.sandbox(comments=400, latency=latency) as client:
    ...         client.read("sources/acme/inbox/comments", page_size=8, workers=1)
    ...         return client.requests()
    >>> fast, slow = (rp.sandbox.Latency(ms, jitter=0) for ms in (2, 12))
    >>> found = rp.compare_latency({"before": read(fast), "after": read(slow)})
    >>> print(f"{found.loc[('server', 'p50'), 'shift_ms']:.0f} ms")
    10 ms
    """
    (base, before), (other, after) = two_reads(reads)
    known = {part: (_known(before[part]), _known(after[part])) for part in PARTS}
    rows = {
        (part, f"p{percent}"): _row(*known[part], percent / 100, names=(base, other))
        for part in PARTS
        for percent in PERCENTS
    }
    found = pd.DataFrame.from_dict(rows, orient="index")
    found.index = pd.MultiIndex.from_tuples(list(rows), names=["part", "quantile"])
    found["server_share"] = np.nan
    for percent in PERCENTS:
        key = ("total", f"p{percent}")
        if rows[key]["shift_low_ms"] > 0 or rows[key]["shift_high_ms"] < 0:
            found.loc[key, "server_share"] = _server_share(before, after, percent / 100)
    found.attrs["verdict"] = _verdict(found)
    return found


def two_reads(reads: Mapping[str, Sources]) -> list[tuple[str, dict[str, Array]]]:
    """Return names and times of two reads.

    Raises
    ------
    ConfigurationError
        There aren't two.
    """
    if not isinstance(reads, Mapping) or len(reads) != 2:
        given = f"{len(reads)} reads" if isinstance(reads, Mapping) else f"{type(reads).__name__}"
        raise ConfigurationError(
            f"Two reads are compared, and {given} came.",
            hint='Give them by name, the base first: {"before": a, "after": b}.',
        )
    return [(str(name), times_ms(pool(each))) for name, each in reads.items()]


def quantile(values: Array, q: float) -> float:
    """Return a quantile, a sample itself; NaN beyond 1 - 1/n.

    Parameters
    ----------
    values : ndarray
        In ascending order.
    q : float
        0 to 1.
    """
    supported = len(values) and q <= 1 - 1 / len(values) + 1e-12
    return float(values[_rank(len(values), q) - 1]) if supported else np.nan


def quantile_interval(values: Array, q: float) -> tuple[float, float]:
    """Return the 95 % interval of a quantile by ranks, each end NaN where no sample supports it.

    Parameters
    ----------
    values : ndarray
        In ascending order.
    q : float
        Above 0, below 1.
    """
    n = len(values)
    if not n:
        return np.nan, np.nan
    below = np.cumsum(_binomial(n, q))  # P(at most k samples lie below the quantile)
    tail = (1 - CONFIDENCE) / 2
    low = int(np.searchsorted(below, tail, side="right"))  # P(fewer than `low`) <= tail
    high = int(np.searchsorted(below, 1 - tail, side="left")) + 1
    return (
        float(values[low - 1]) if low >= 1 else np.nan,
        float(values[high - 1]) if high <= n else np.nan,
    )


def shifts(before: Array, after: Array, q: float) -> Array:
    """Return draws of how far a quantile moved, of both samples resampled.

    The sample of a rank in a resample is the one at the place of that rank's uniform order
    statistic, which is drawn as such: no resample is made.

    Parameters
    ----------
    before, after : ndarray
        In ascending order, with at least one value each.
    q : float
        0 to 1.
    """
    draw = np.random.default_rng(SEED)
    ends = []
    for values in (before, after):
        n = len(values)
        rank = _rank(n, q)
        places = (n * draw.beta(rank, n + 1 - rank, DRAWS)).astype("int64")
        ends.append(values[np.minimum(places, n - 1)])
    moved: Array = ends[1] - ends[0]
    return moved


def shift_curve(before: Array, after: Array) -> pd.DataFrame:
    """Return how far each percentile moved, as far as both samples support it.

    Parameters
    ----------
    before, after : ndarray
        Times [ms]; NaN is left out.

    Returns
    -------
    DataFrame, shape (at most 99, 4)
        ``percent``, ``shift_ms``, ``low_ms``, ``high_ms``.
    """
    before, after = _known(before), _known(after)
    rows = [(percent, *_shift(before, after, percent / 100)) for percent in range(1, 100)]
    found = pd.DataFrame(rows, columns=["percent", "shift_ms", "low_ms", "high_ms"])
    return found.dropna(ignore_index=True)


def _known(values: Array) -> Array:
    return np.sort(values[~np.isnan(values)])


def _rank(n: int, q: float) -> int:
    """Return the rank of a quantile: of `inverted_cdf`, from 1; whole numbers stay whole."""
    return max(1, int(np.ceil(n * q - 1e-9)))


def _binomial(n: int, q: float) -> Array:
    """Return the probability of each count from 0 to n."""
    k = np.arange(1, n + 1)
    steps = np.log(n - k + 1) - np.log(k) + np.log(q) - np.log1p(-q)
    logs = np.concatenate([[0.0], np.cumsum(steps)]) + n * np.log1p(-q)
    chances: Array = np.exp(logs)
    return chances


def _row(before: Array, after: Array, q: float, *, names: tuple[str, str]) -> dict[str, float]:
    row = dict[str, float]()
    for name, values in zip(names, (before, after), strict=True):
        low, high = quantile_interval(values, q)
        row |= {f"{name}_ms": quantile(values, q), f"{name}_low_ms": low, f"{name}_high_ms": high}
    moved = _shift(before, after, q)
    return row | dict(zip(("shift_ms", "shift_low_ms", "shift_high_ms"), moved, strict=True))


def _shift(before: Array, after: Array, q: float) -> tuple[float, float, float]:
    """Return how far a quantile moved, and the 95 % interval of that."""
    moved = quantile(after, q) - quantile(before, q)
    if np.isnan(moved):
        return np.nan, np.nan, np.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(shifts(before, after, q), [tail, 1 - tail])
    return moved, float(low), float(high)


def _server_share(before: Mapping[str, Array], after: Mapping[str, Array], q: float) -> float:
    """Return how much of a shift is the server's, by the attempts near the quantile."""
    (server, total), (server_then, total_then) = (_near(each, q) for each in (after, before))
    return (server - server_then) / (total - total_then) if total != total_then else np.nan


def _near(times: Mapping[str, Array], q: float) -> tuple[float, float]:
    """Return the mean server's and total time of the attempts near a quantile of the total."""
    known = ~np.isnan(times["server"])
    total, server = times["total"][known], times["server"][known]
    if not len(total):
        return np.nan, np.nan
    order = np.argsort(total, kind="stable")
    at, reach = _rank(len(order), q) - 1, int(NEAR * len(order))
    reach = min(reach, at, len(order) - 1 - at)  # as far to both sides
    near = order[at - reach : at + reach + 1]
    return float(server[near].mean()), float(total[near].mean())


def _verdict(found: pd.DataFrame) -> str:
    """Say what moved: p90 first, with whose time that is."""
    whole = found[found.index.get_level_values("part") == "total"].droplevel("part")
    total = whole.to_dict("index")
    told = [_moved(total[f"p{percent}"], percent) for percent in (90, 50, 99)]
    known = [each for each in told if each]
    return "; ".join(known) or "too few attempts to compare: 2 each for p50, 10 for p90"


def _moved(row: Mapping[Any, float], percent: int) -> str:
    shift, low, high = (row[f"shift_{name}ms"] for name in ("", "low_", "high_"))
    if np.isnan(shift):
        return ""
    if low <= 0 <= high:
        return f"p{percent} moved by nothing clear (95 %: {_number(low)} to {_number(high)} ms)"
    word, ends = ("rose", (low, high)) if shift > 0 else ("fell", (-high, -low))
    bounds = " to ".join(map(_number, ends))
    told = f"p{percent} {word} by {_number(abs(shift))} ms (95 %: {bounds})"
    share = row["server_share"]
    return told if np.isnan(share) else f"{told}, {_whose(share)}"


def _whose(share: float) -> str:
    if abs(share - 1) <= SURE:
        return "all of it server"
    if abs(share) <= SURE:
        return "none of it server"
    if not 0 < share < 1:
        return "server and network moved in opposite directions"
    return f"about {100 * share:.0f} % of it server"


def _number(ms: float) -> str:
    return f"{ms:,.0f}" if abs(ms) >= 10 else f"{ms:.2g}"
