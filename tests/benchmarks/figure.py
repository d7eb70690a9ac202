"""The figure of the end-to-end benchmark: time against workers, for each delay."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from results import Times, median_ratio
from ways import LOOP, ORJSON_LOOP

COLORS = {"ours": "#0072B2", LOOP: "#D55E00", ORJSON_LOOP: "#CC79A7"}
STYLES = {LOOP: (0, (6, 2)), ORJSON_LOOP: (0, (1.5, 1.5))}


def draw(found: Mapping[int, Times], workers: Sequence[int], path: Path, *, what: str) -> None:
    """Write the figure; faint dots are single rounds, lines go through medians."""
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(3.4 * len(found) + 0.6, 4.2), layout="constrained")
        panels = figure.subplots(1, len(found), squeeze=False)[0]
        for axes, (delay_ms, times) in zip(panels, found.items(), strict=True):
            _draw_panel(axes, times, workers)
            axes.set_title(f"{delay_ms} ms a page", fontsize=11, loc="left")
        panels[0].set_ylabel("time to the frame [s]")
        figure.supxlabel("workers", fontsize=10)
        figure.suptitle(
            f"{what} over loopback; x: times as fast as {LOOP}",
            x=0.01,
            ha="left",
            fontsize=12,
        )
        figure.savefig(path, dpi=150)


def _draw_panel(axes: Axes, times: Times, workers: Sequence[int]) -> None:
    """Draw one delay: the loops have one worker, so they are level lines."""
    for name in (LOOP, ORJSON_LOOP):
        level = statistics.median(times[name])
        axes.axhline(level, color=COLORS[name], linestyle=STYLES[name], linewidth=1.5)
    _name_loops(axes, times, workers)
    ours = {n: name for n in workers for name in times if name.startswith(f"ours, {n} ")}
    for n, name in ours.items():
        axes.plot([n] * len(times[name]), times[name], ".", color=COLORS["ours"], alpha=0.3)
    medians = [statistics.median(times[name]) for name in ours.values()]
    axes.plot(workers, medians, "o-", color=COLORS["ours"], linewidth=2, markersize=5)
    for n, median in zip(workers, medians, strict=True):
        faster = median_ratio(times, LOOP, ours[n])
        axes.annotate(  # below, for the loops' lines are above
            f"{median:.2g} s\n{faster:.1f}x",
            (n, median),
            xytext=(0, -6),
            textcoords="offset points",
            ha="right" if n == workers[0] else "center",
            va="top",
            color=COLORS["ours"],
            fontsize=9,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(workers, [str(n) for n in workers])
    axes.margins(x=0.22)
    axes.set_ylim(0, 1.18 * max(statistics.median(times[LOOP]), *medians))


def _name_loops(axes: Axes, times: Times, workers: Sequence[int]) -> None:
    """Write the loops' names on their lines: the slower above its own, the other below."""
    slow, fast = sorted((LOOP, ORJSON_LOOP), key=lambda name: -statistics.median(times[name]))
    for name, place in ((slow, "bottom"), (fast, "top")):
        level = statistics.median(times[name])
        axes.annotate(
            f"{name}, {level:.3g} s",
            (1, level),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3 if place == "bottom" else -4),
            textcoords="offset points",
            ha="right",
            va=place,
            color=COLORS[name],
            fontsize=8.5,
        )
