"""Figures of who was slow: frames in, axes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from reinfer_pandas._axes import (
    COLORS,
    TIME_FORMAT,
    draw_marks,
    fill_of,
    finish,
    look_of,
    say,
    scale_times,
    show_dates,
    show_percentiles,
    show_requests,
    text_color,
)
from reinfer_pandas._latency import pool, times_ms
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from reinfer_pandas._latency import Sources

Array: TypeAlias = npt.NDArray[Any]

SUMMARY = ("ecdf", "timeline", "breakdown", "percentiles")
BARS = 120


def plot_latency(
    x: Sources, *, kind: str = "summary", ax: Axes | Array | Sequence[Axes] | None = None
) -> Axes | Array:
    """Draw who was slow: the server, the network, or waits between retries.

    ===============  =====================================================================
    ``ecdf``         share of attempts that took at most so long
    ``timeline``     each attempt when it began; errors and retries are marked
    ``breakdown``    each request as a stacked bar: server, network and overhead, waits;
                     beyond 120 requests, a bar is the mean of several, and says so
    ``percentiles``  the percentile spectrum, up to 1 - 1/n, on an axis of nines
    ``scatter``      server time against total time; on the diagonal, all is the server's
    ``summary``      the first four, two by two
    ===============  =====================================================================

    Samples are as in `latency`: attempts, failed ones included, pooled; above the axes is how
    many, and how many came without server time. Those are drawn as unknown or left out, never
    as zero. Axes of times turn logarithmic where p99 is more than 5 times p50, or the maximum 25
    times, but for the bars, whose parts only add up on a linear one.

    We send the next request after the last answer (a closed loop), so that a stall of the
    server counts once, however many requests would have met it; each figure says so. In a
    replay the times of our own clock mean nothing; the title says that.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        What to measure, as in `latency`.
    kind : {"summary", "ecdf", "timeline", "breakdown", "percentiles", "scatter"}
        What to draw.
    ax : Axes, or array-like of 4 Axes for the summary, optional
        Where to draw; on a new figure by default.

    Returns
    -------
    Axes, or ndarray of Axes, shape (2, 2)
        What was drawn on: an array for the summary, or the one given as such.

    Raises
    ------
    ConfigurationError
        For another kind, for axes that don't fit it, or a frame that carries no request log.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("datasets")
    >>> rp.plot_latency(df, kind="ecdf").get_xlabel()
    'Time per attempt [ms]'
    """
    kinds = SUMMARY if kind == "summary" else (kind,)
    if unknown := set(kinds) - set(_KINDS):
        raise ConfigurationError(
            f"There is no figure of kind {unknown.pop()!r}.",
            hint=f"The kinds are: summary, {', '.join(_KINDS)}.",
        )
    attempts = pool(x)
    axes = np.asarray(_new_axes(kind) if ax is None else ax, dtype=object)
    if axes.size != len(kinds):
        raise ConfigurationError(f"{kind!r} is drawn on {len(kinds)} axes, not on {axes.size}.")
    for name, each in zip(kinds, axes.flat, strict=True):
        _draw(name, attempts, each)
    one: Axes = axes.item(0)
    return axes if kind == "summary" else one


def _new_axes(kind: str) -> Array:
    """Return axes on a new figure, of a notebook's width."""
    from matplotlib import pyplot as plt

    side, size = (2, (9, 7)) if kind == "summary" else (1, (7, 4.2))
    _, axes = plt.subplots(side, side, figsize=size, layout="constrained", squeeze=False)
    return axes


def _draw(kind: str, attempts: pd.DataFrame, ax: Axes) -> None:
    """Draw one figure, and say what it stands on."""
    title, draw = _KINDS[kind]
    if len(attempts):
        draw(attempts, ax)
    else:
        say(ax, "no requests")
    finish(
        ax,
        title=title,
        n=len(attempts),
        unknown=int(attempts["server_ms"].isna().sum()),
        replayed=attempts.attrs["reinfer"]["replayed"],
    )


def _ecdf(attempts: pd.DataFrame, ax: Axes) -> None:
    known = _known(attempts)
    for name, times in known.items():
        look = look_of(ax, name, times)
        if len(times):
            ax.ecdf(times, **look)
        else:
            ax.plot([], [], **look)
    scale_times(ax, "x", known.values())
    ax.set_xlabel("Time per attempt [ms]")
    ax.set_ylabel("Share of attempts")


def _timeline(attempts: pd.DataFrame, ax: Axes) -> None:
    started_at = attempts["started_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    total = times_ms(attempts)["total"]
    failed = attempts["outcome"].ne("ok").to_numpy(dtype=bool)
    retried = attempts["attempt"].gt(1).to_numpy(dtype=bool)
    ring = {"marker": "o", "color": text_color(ax), "markersize": 9, "mfc": "none"}
    for name, which, look in (
        ("ok", ~failed, {"marker": "o", "color": COLORS["server"], "markersize": 4}),
        ("error", failed, {"marker": "x", "color": COLORS["failed"], "markersize": 6}),
        ("retry", retried, ring),
    ):
        draw_marks(ax, started_at[which], total[which], name, look)
    show_dates(ax, started_at)
    ax.margins(y=0.1)
    scale_times(ax, "y", [total])
    if ax.get_yscale() == "linear":
        ax.set_ylim(bottom=0)
    ax.set_ylabel("Time per attempt [ms]")


def _breakdown(attempts: pd.DataFrame, ax: Axes) -> None:
    parts, each = _parts(attempts)
    first = parts.index.to_numpy()
    above = below = np.zeros(len(parts))
    for name in parts.columns:
        heights = parts[name].to_numpy()
        bottom = np.where(heights < 0, below, above)
        look = fill_of(ax, name)
        some = heights != 0
        if each == 1 and some.any():
            ax.bar(first[some], heights[some], bottom=bottom[some], **look)
        elif some.any():
            edges = [*first, first[-1] + each]
            ax.stairs(bottom + heights, edges, baseline=bottom, fill=True, **look)
        above, below = above + heights.clip(min=0), below + heights.clip(max=0)
    show_requests(ax, first, each)
    ax.set_ylabel("Time per request [ms]" if each == 1 else "Mean time per request [ms]")
    ax.yaxis.set_major_formatter(TIME_FORMAT)


def _parts(attempts: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return where each request's time went, and how many requests a row is the mean of.

    The rows are indexed by their first request's number. Where the platform reported no time
    for an attempt, all of it is unknown: neither the server's nor the network's.
    """
    times = times_ms(attempts)
    unknown = np.isnan(times["server"])
    requests = (
        attempts[["request"]]
        .assign(
            server=times["server"],
            network=times["network"],
            unknown=np.where(unknown, times["total"], 0),
            waited=attempts["waited_ms"],
        )
        .groupby("request")
        .sum()
    )
    number = requests.index.to_numpy(dtype="int64")
    first, last = number.min(), number.max()
    each = int(-(-(last - first + 1) // BARS))
    means = requests.groupby(first + (number - first) // each * each).mean()
    return means.reindex(range(first, last + 1, each), fill_value=0), each


def _percentiles(attempts: pd.DataFrame, ax: Axes) -> None:
    known, n = _known(attempts), len(attempts)
    if n == 1:
        say(ax, "one attempt supports no percentile")
        return
    for name, times in known.items():
        supported = np.sort(times)[:-1]  # the last is the maximum: no percentile
        q = np.arange(len(supported) + 1) / max(len(times), 1)
        ranked = np.concatenate([supported[:1], supported])
        look = look_of(ax, name, times)
        look["label"] += " (n = 1)" if len(times) == 1 else ""
        ax.plot(q[: len(ranked)], ranked, drawstyle="steps-pre", **look)
    show_percentiles(ax, 1 - 1 / n)
    scale_times(ax, "y", known.values())
    ax.set_xlabel("Percentile")
    ax.set_ylabel("Time per attempt [ms]")


def _scatter(attempts: pd.DataFrame, ax: Axes) -> None:
    times = times_ms(attempts)
    total, server = times["total"], times["server"]
    known = ~np.isnan(server)
    if not known.any():
        say(ax, "no server time is known")
        return
    both = np.concatenate([total[known], server[known]])
    ends = [both.min(), both.max()]
    ax.plot(ends, ends, color=text_color(ax), linestyle=":", label="server = total")
    dot = {"marker": "o", "color": COLORS["server"], "markersize": 4}
    draw_marks(ax, total[known], server[known], "attempt", dot)
    # What has no height is told at the foot.
    tick = {
        "marker": "|",
        "markersize": 6,
        "color": COLORS["unknown"],
        "transform": ax.get_xaxis_transform(),
    }
    draw_marks(ax, total[~known], np.full(np.sum(~known), 0.02), "server time unknown", tick)
    for which in "xy":  # alike, or server = total is no straight line
        scale_times(ax, which, [total, server[known]])
    ax.set_xlabel("Total time per attempt [ms]")
    ax.set_ylabel("Server time [ms]")


def _known(attempts: pd.DataFrame) -> dict[str, Array]:
    """Return the times that are known, by name."""
    return {name: each[~np.isnan(each)] for name, each in times_ms(attempts).items()}


_KINDS: Mapping[str, tuple[str, Callable[[pd.DataFrame, Axes], None]]] = {
    "ecdf": ("How long attempts took", _ecdf),
    "timeline": ("Attempts over time", _timeline),
    "breakdown": ("Where each request's time went", _breakdown),
    "percentiles": ("Time by percentile", _percentiles),
    "scatter": ("Server time against total time", _scatter),
}
