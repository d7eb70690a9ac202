"""How the figures look: colours, hatches, scales, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

# Okabe and Ito's colours, which the colour-blind tell apart too; the total has the theme's own.
COLORS = {
    "server": "#0072B2",
    "network": "#E69F00",
    "unknown": "#999999",
    "waited": "#CC79A7",
    "failed": "#D55E00",
}
HATCHES = {"server": "", "network": "///", "unknown": "xxx", "waited": "..."}
LINESTYLES = {"server": "-", "network": "--", "total": ":"}
LABELS = {
    "server": "server",
    "network": "network and overhead",
    "total": "total",
    "unknown": "unknown",
    "waited": "waited",
}
MANY = 5_000  # points; beyond, a vector figure gets heavier, and no clearer
CROWDS = ((300, 1, 0.9), (2_000, 0.6, 0.5), (np.inf, 0.4, 0.3))  # up to so many: size, opacity
CLOSED_LOOP = "closed loop, no load test"
REPLAYED = "replayed: client times mean nothing"
TIME_FORMAT = "{x:,g}"
# When a linear axis would hide most samples: p99 over p50, maximum over p50.
SKEWED, STRETCHED = 5, 25
NINES = (0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
BETWEEN_NINES = (0.75, 0.95)


def finish(ax: Axes, *, title: str, n: int, unknown: int, replayed: bool) -> None:
    """Write title, note and legend above the axes, where they hide nothing."""
    from matplotlib.font_manager import FontProperties

    size = FontProperties(size="small").get_size_in_points()
    note = _note(ax, size, n=n, unknown=unknown, replayed=replayed)
    _show_legend(ax)
    ax.annotate(
        note,
        (0.5, 1),
        xytext=(0, 2.1 * size),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        fontsize="small",
    )
    lines = 1 + note.count("\n")
    ax.set_title(f"{title} (replayed)" if replayed else title, pad=size * (2.6 + 1.3 * lines))
    ax.grid(alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _note(ax: Axes, size: float, *, n: int, unknown: int, replayed: bool) -> str:
    """Say what a figure stands on, in one line where it fits above the axes."""
    told = [f"n = {n:,} attempt{'s' * (n != 1)}", CLOSED_LOOP]
    if unknown:
        told[0] += f", {unknown:,} without server time"
    if replayed:
        told.append(REPLAYED)
    line = " · ".join(told)
    inches = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted()).width
    return line if len(line) * size / 2 < 72 * inches else "\n".join(told)


def _show_legend(ax: Axes) -> None:
    """Put the legend in a row above the axes; its marks are whole, however faint those drawn."""
    from matplotlib.lines import Line2D

    handles, _ = ax.get_legend_handles_labels()
    if not handles:
        return
    legend = ax.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=len(handles),
        fontsize="small",
        frameon=False,
        borderaxespad=0,
        columnspacing=1.2,
        handlelength=1.8,
        handletextpad=0.5,
    )
    for handle in legend.legend_handles:
        if isinstance(handle, Line2D):
            handle.set(alpha=1, markersize=6)


def say(ax: Axes, text: str) -> None:
    """Write in the middle of the axes why nothing is drawn."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center")
    ax.set(xticks=[], yticks=[])


def scale_times(ax: Axes, which: str, series: Iterable[npt.NDArray[Any]]) -> None:
    """Make the axis "x" or "y" logarithmic where one of the series is skewed.

    What is not above 0 has no logarithm, but should show: then the axis is linear round 0.
    """
    from matplotlib.scale import SymmetricalLogScale
    from matplotlib.ticker import LogLocator, NullFormatter

    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    drawn = [each for each in series if len(each)]
    skewed = [p50 for p50 in map(_skewed_median, drawn) if p50]
    if skewed:
        if min(map(np.min, drawn)) > 0:
            lowest, highest = axis.get_data_interval()
            ax.set(**{f"{which}scale": "log"})
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if highest < 100 * lowest else (1,)))
            axis.set_minor_formatter(NullFormatter())
        else:
            linear = 10 ** np.floor(np.log10(min(skewed)))
            ax.set(**{f"{which}scale": SymmetricalLogScale(axis, linthresh=linear)})
    axis.set_major_formatter(TIME_FORMAT)


def _skewed_median(values: npt.NDArray[Any]) -> float | None:
    """Return the median of values that a linear axis would crowd together, None for others."""
    p50, p99, most = np.quantile(values, [0.5, 0.99, 1], method="inverted_cdf")
    return p50 if p50 > 0 and (p99 > SKEWED * p50 or most > STRETCHED * p50) else None


def show_percentiles(ax: Axes, supported: float) -> None:
    """Make x an axis of nines: as far from 90 to 99 % as from 99 to 99.9 %."""
    from matplotlib.ticker import FixedLocator, NullLocator

    ax.set_xscale("function", functions=(_nines, lambda nines: 1 - 10.0**-nines))
    known = sorted([*NINES, *(BETWEEN_NINES if supported < 0.999 else ())])
    ticks = [q for q in known if q <= supported]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{100 * q:g}" for q in ticks])
    ax.set_xlim(0, supported)


def _nines(q: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return 1 for 90 %, 2 for 99 %; the floor is for ticks that Matplotlib tries at 100 %."""
    nines: npt.NDArray[Any] = -np.log10(np.maximum(1 - np.asarray(q), 1e-9))
    return nines


def show_dates(ax: Axes, moments: npt.NDArray[np.datetime64]) -> None:
    """Make x an axis of times in UTC; one moment gets a second on each side."""
    from matplotlib import dates

    first, last = moments.min(), moments.max()
    # Matplotlib leaves its dates untyped.
    locator = dates.AutoDateLocator(tz="UTC", minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    formatter = dates.ConciseDateFormatter(locator, tz="UTC", show_offset=False)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(formatter)
    if first == last:
        second = np.timedelta64(1, "s")
        ax.set_xlim(first - second, last + second)
    ax.set_xlabel(f"Began at [UTC], from {np.datetime_as_string(first, 'm').replace('T', ' ')}")


def show_requests(ax: Axes, first: npt.NDArray[Any], each: int) -> None:
    """Make x an axis of requests; a few leave room, so that a bar stays a bar."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    if len(first) <= 10:
        ax.set_xticks(first)
    low, high = (-0.6, 0.6) if each == 1 else (0, each)
    spare = max(0, 5 - len(first)) / 2
    ax.set_xlim(first[0] + low - spare, first[-1] + high + spare)
    ax.set_xlabel("Request" if each == 1 else f"Request (a bar is the mean of {each:,})")


def text_color(ax: Axes) -> ColorType:
    """Return the theme's own colour."""
    return ax.xaxis.label.get_color()


def look_of(ax: Axes, name: str, times: npt.NDArray[Any]) -> dict[str, Any]:
    """Return how a curve looks; as pixels where it has many points."""
    return {
        "label": LABELS[name] if len(times) else f"{LABELS[name]} (unknown)",
        "color": COLORS.get(name, text_color(ax)),
        "linestyle": LINESTYLES[name],
        "rasterized": len(times) > MANY,
    }


def fill_of(ax: Axes, name: str) -> dict[str, Any]:
    """Return how a part of a bar looks, with hatches in the theme's background."""
    return {
        "label": LABELS[name],
        "facecolor": COLORS[name],
        "edgecolor": (ax.get_facecolor(), 0.6),
        "hatch": HATCHES[name],
        "linewidth": 0,
    }


def draw_marks(
    ax: Axes, x: npt.NDArray[Any], y: npt.NDArray[Any], name: str, look: dict[str, Any]
) -> None:
    """Draw and count marks; many are smaller, and let those beneath show through."""
    if not len(x):
        return
    size, alpha = next((size, alpha) for most, size, alpha in CROWDS if len(x) <= most)
    crowded = {"markersize": size * look["markersize"], "markeredgewidth": size, "alpha": alpha}
    ax.plot(
        x,
        y,
        linestyle="none",
        label=f"{name} ({len(x):,})",
        rasterized=len(x) > MANY,
        **{**look, **crowded},
    )
