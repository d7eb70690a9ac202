"""Figures of the data: which labels, and how much when. Frames in, axes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from reinfer_pandas._counts import by_frequency, labels_of, volumes
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Okabe and Ito's colours, dark enough and light enough for either theme.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")
OTHER = "#999999"
FEW = 40  # points of a line, which get marks
PERIODS = {"h": "hour", "D": "day", "W": "week", "ME": "month", "MS": "month", "YE": "year"}


def plot_labels(
    df: pd.DataFrame,
    *,
    threshold: float = 0.5,
    top: int = 20,
    share: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many comments have each label.

    A comment has a label where it is assigned, or predicted with at least the threshold's
    probability; a dismissed label it has not.

    Parameters
    ----------
    df : DataFrame
        Comments of a dataset, with their column ``labels``.
    threshold : float
        Least probability of a prediction, 0 to 1; above 1, only assigned labels count.
    top : int
        How many labels, the most frequent first.
    share : bool
        Whether to draw the share of all comments, or their count.
    ax : Axes, optional
        Where to draw; on a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ConfigurationError
        The frame has no labels, or an argument can't be.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=200) as client:
    ...     df = client.read("datasets/acme/claims/comments")
    >>> df.reinfer.plot_labels(top=5).get_xlabel()
    'Share of comments [%]'
    """
    _check_top(top)
    counts = by_frequency(labels_of(df, threshold=threshold)["group"])
    shown = counts.head(top)
    ax = ax or _new_axes(height=1.6 + 0.26 * max(len(shown), 3))
    values = shown * (100 / max(len(df), 1)) if share else shown
    ax.barh(np.arange(len(shown)), values.to_numpy(), color=COLORS[0], height=0.7)
    ax.set_yticks(np.arange(len(shown)), [_plain(name) for name in shown.index])
    ax.invert_yaxis()
    ax.set_xlabel("Share of comments [%]" if share else "Comments")
    less = f", {len(shown)} of {len(counts)} labels" if len(counts) > len(shown) else ""
    told = f"n = {len(df):,} comments · assigned, or predicted at {threshold:g} or more{less}"
    _finish(ax, "Comments per label", told, axis="x")
    if shown.empty:
        _say(ax, "no labels" if len(df) else "no comments")
    return ax


def plot_volume(
    df: pd.DataFrame,
    *,
    freq: str = "D",
    by: str | None = None,
    threshold: float = 0.5,
    top: int = 6,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many comments there were in each period, by their `timestamp` in UTC.

    Parameters
    ----------
    df : DataFrame
        Comments, with their column ``timestamp``.
    freq : str
        Length of a period, as pandas spells it: ``h``, ``D``, ``W``, ``ME``, …
    by : str, optional
        ``label``, or a column such as ``string:Team``: a line for each of its values. By label,
        a comment counts once for each label that it has.
    threshold : float
        As in `plot_labels`.
    top : int
        How many lines, the most frequent first; of a column's values, the rest is one more.
    ax : Axes, optional
        Where to draw; on a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ConfigurationError
        The frame lacks a column that is needed, or an argument can't be.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=200) as client:
    ...     df = client.read("sources/acme/inbox/comments")
    >>> ax = df.reinfer.plot_volume(freq="W", by="string:Team")
    >>> ax.get_ylabel()
    'Comments per week'
    """
    _check_top(top)
    counts = volumes(df, freq=freq, by=by, threshold=threshold, top=top)
    ax = ax or _new_axes(height=4.2)
    for place, name in enumerate(counts.columns):
        _draw_line(ax, counts[name], place, is_rest=name.startswith("other ("))
    period = PERIODS.get(freq, freq)
    ax.set_ylabel(f"Comments per {period}")
    ax.set_ylim(bottom=0)
    note = f"n = {len(df):,} comments"
    if by == "label":
        note += f" · labels assigned, or predicted at {threshold:g} or more; may overlap"
    _finish(ax, "Comments over time" + (f", by {_plain(by)}" if by else ""), note, axis="y")
    if len(counts):
        _show_dates(ax, period)
        if by is not None:
            ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    else:
        _say(ax, "no comments")
    return ax


def _check_top(top: int) -> None:
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ConfigurationError(f"top={top!r}: give a whole number, 1 or more.")


def _new_axes(*, height: float) -> Axes:
    """Return axes on a new figure, of a notebook's width."""
    from matplotlib import pyplot as plt

    _, ax = plt.subplots(figsize=(7, height), layout="constrained")
    return ax


def _draw_line(ax: Axes, counts: pd.Series[int], place: int, *, is_rest: bool) -> None:
    """Draw one line; its colour, dashes and marks tell it apart."""
    ax.plot(
        counts.index.to_numpy(),
        counts.to_numpy(),
        label=_plain(str(counts.name)),
        color=OTHER if is_rest else COLORS[place % len(COLORS)],
        linestyle=DASHES[place % len(DASHES)],
        marker=MARKERS[place % len(MARKERS)] if len(counts) <= FEW else None,
        markersize=3.5,
        linewidth=1.4,
    )


def _show_dates(ax: Axes, period: str) -> None:
    from matplotlib import dates

    # Matplotlib leaves its dates untyped.
    locator = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    formatter = dates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(formatter)
    ax.set_xlabel(f"{period.capitalize()} beginning at [UTC]")


def _finish(ax: Axes, title: str, note: str, *, axis: Literal["x", "y"]) -> None:
    """Write title and note above the axes, and draw the grid."""
    ax.set_title(title, pad=22)
    ax.annotate(
        note,
        (0.5, 1),
        xytext=(0, 7),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        fontsize="small",
    )
    ax.grid(axis=axis, alpha=0.3, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _say(ax: Axes, text: str) -> None:
    """Write in the middle of the axes why nothing is drawn."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center")
    ax.set(xticks=[], yticks=[])


def _plain(name: str) -> str:
    """Return a name that Matplotlib writes as it is: no formula, and in the legend."""
    return (" " if name.startswith("_") else "") + name.replace("$", r"\$")
