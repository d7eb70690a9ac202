"""A figure of two reads: how long attempts took, and how far each percentile moved."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from reinfer_pandas._analysing.compare import compare_latency, shift_curve, two_reads
from reinfer_pandas._axes import COLORS, MANY, TIME_FORMAT, say, scale_times, text_color
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from reinfer_pandas._latency import Sources

Array: TypeAlias = npt.NDArray[Any]

CROWDED = 25
"""How many times the typical shift one may be before the axis turns logarithmic."""


def plot_comparison(
    reads: Mapping[str, Sources], *, ax: Array | Sequence[Axes] | None = None
) -> Array:
    """Draw two reads: the share of attempts that took at most so long, and each percentile's shift.

    Above stands the sentence of `compare_latency`; over axes that are given, its first part. The
    band is the 95 % interval at each percentile; percentiles that one of the reads doesn't support
    aren't drawn. An axis that one percentile would crowd is logarithmic beyond the typical shift.

    Parameters
    ----------
    reads : Mapping of str to what `latency` takes
        Two, the first one the base, as for `compare_latency`.
    ax : array-like of 2 Axes, optional
        Where to draw; on a new figure by default.

    Returns
    -------
    ndarray of Axes, shape (2,)

    Raises
    ------
    ConfigurationError
        Where there aren't two reads, or two axes, or one read carries no request log.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     a, b = client.read("datasets"), client.read("sources")
    >>> rp.plot_comparison({"before": a, "after": b})[0].get_xlabel()
    'Time per attempt [ms]'
    """
    reads = dict(reads) if hasattr(reads, "items") else reads
    times = two_reads(reads)
    axes = np.asarray(_new_axes() if ax is None else ax, dtype=object).ravel()
    if axes.size != 2:
        raise ConfigurationError(f"A comparison is drawn on 2 axes, not on {axes.size}.")
    totals = {name: each["total"][~np.isnan(each["total"])] for name, each in times}
    _draw_shares(axes[0], totals)
    _draw_shift(axes[1], *totals.values())
    _entitle(axes[0], compare_latency(reads).attrs["verdict"], is_own=ax is None)
    return axes


def _new_axes() -> Array:
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    drawn: Array = axes
    return drawn


def _draw_shares(ax: Axes, totals: Mapping[str, Array]) -> None:
    """Draw the empirical distribution of each read."""
    looks = ((text_color(ax), "--"), (COLORS["server"], "-"))
    for (name, values), (color, style) in zip(totals.items(), looks, strict=True):
        look: dict[str, Any] = {
            "color": color,
            "linestyle": style,
            "label": f"{name} (n = {len(values):,})",
        }
        if len(values):
            ax.ecdf(values, rasterized=len(values) > MANY, **look)
        else:
            ax.plot([], [], **look)
    scale_times(ax, "x", totals.values())
    ax.set_xlabel("Time per attempt [ms]")
    ax.set_ylabel("Share of attempts")
    many = sum(map(len, totals.values())) > MANY  # the best place takes long to find
    ax.legend(loc="lower right" if many else "best", fontsize="small", frameon=False)
    _plain(ax)


def _draw_shift(ax: Axes, before: Array, after: Array) -> None:
    """Draw how far each percentile moved, with its interval."""
    curve = shift_curve(before, after)
    if curve.empty:
        say(ax, "too few attempts to compare")
        return
    percent = curve["percent"]
    ax.axhline(0, color=text_color(ax), linewidth=0.8)
    ax.fill_between(
        percent,
        curve["low_ms"],
        curve["high_ms"],
        color=COLORS["server"],
        alpha=0.25,
        linewidth=0,
        label="95 % interval",
    )
    ax.plot(percent, curve["shift_ms"], color=COLORS["server"], label="shift")
    typical, most = np.median(curve["shift_ms"].abs()), curve["shift_ms"].abs().max()
    if typical > 0 and most > CROWDED * typical:
        ax.set_yscale("symlog", linthresh=10 ** np.ceil(np.log10(typical)))
    ax.set_xlim(0, 100)
    ax.set_xlabel("Percentile")
    ax.set_ylabel("Shift [ms]")
    ax.yaxis.set_major_formatter(TIME_FORMAT)
    ax.legend(loc="best", fontsize="small", frameon=False)
    _plain(ax)


def _plain(ax: Axes) -> None:
    ax.grid(alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _entitle(ax: Axes, verdict: str, *, is_own: bool) -> None:
    """Write the verdict over our own figure, a line for each percentile; else over the axes."""
    figure = ax.figure.get_figure(root=True)
    if figure is not None and is_own:
        figure.suptitle(verdict.replace("; ", "\n"), fontsize="medium")
    elif figure is not None:  # the user's own figure has its own title
        inches = ax.get_window_extent().width / figure.dpi
        first = wrap(verdict.partition("; ")[0], max(20, int(14 * inches)))
        ax.set_title("\n".join(first), loc="left", fontsize="small")
