"""Counts of comments: by label, by property, by period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.tidy import labels

MARKED_AT_END = ("W", "ME", "QE", "YE", "BME", "BQE", "BYE")
"""The periods that pandas marks by their last day."""

VERDICTS = {"assigned": 0, "dismissed": 1, "predicted": 2}
"""What counts where a comment has a label in several states: people before the model."""

MOST_PERIODS = 100_000
"""Beyond, a figure shows nothing, and takes gigabytes."""


def labels_of(df: pd.DataFrame, *, threshold: float) -> pd.DataFrame:
    """Return one row for each comment and label that it has.

    Parameters
    ----------
    df : DataFrame
        Comments with their column ``labels``, in Arrow or, read back from Parquet, as objects.
    threshold : float
        Least probability of a prediction.

    Returns
    -------
    DataFrame, shape (comments and labels, 2)
        ``row``, the comment's position, and ``group``, the label; each pair once.
    """
    place = np.arange(len(df)).astype(str)
    each = labels(pd.DataFrame({"uid": place, "labels": _column(df, "labels").array}))
    each["row"] = each["uid"].astype("int64")
    each["rank"] = each["state"].map(VERDICTS)
    each = each.sort_values("rank", kind="stable").drop_duplicates(["row", "label"]).sort_index()
    is_likely = (each["rank"] == 2) & (each["probability"] >= threshold)
    has = (each["rank"] == 0) | is_likely
    found = each.loc[has, ["row", "label"]].reset_index(drop=True)
    return found.rename(columns={"label": "group"})


def by_frequency(groups: pd.Series[Any]) -> pd.Series[int]:
    """Return how often each value is there, the most frequent first, equals by name."""
    counts = groups.value_counts()
    return counts.sort_index().sort_values(ascending=False, kind="stable")


def volumes(
    df: pd.DataFrame, *, freq: str, by: str | None, threshold: float, top: int
) -> pd.DataFrame:
    """Return the comments in each period, those without any too.

    Parameters
    ----------
    df : DataFrame
        Comments with their column ``timestamp``.
    freq : str
        Length of a period.
    by : str or None
        ``label``, a column, or None for all comments together.
    threshold : float
        Least probability of a predicted label.
    top : int
        Groups wanted; the rest of a column's values are one more.

    Returns
    -------
    DataFrame, shape (periods, groups)
        Indexed by when each began, UTC without a zone; no row where no comment has a time.
    """
    at = _column(df, "timestamp").reset_index(drop=True)
    sizes = _sizes(at.dropna().sort_values(), freq)
    # The times in order fill the periods in order.
    ordered = at.dropna().sort_values().index
    began_at = pd.Series(np.repeat(sizes.index, sizes), index=ordered).reindex(at.index)
    grouped = _groups(df, by, threshold)
    names = list(by_frequency(grouped["group"]).index)
    rest = f"other ({len(names) - top})" if by != "label" and len(names) > top else None
    shown = names[:top]
    group = grouped["group"].where(grouped["group"].isin(shown), rest)
    counts = pd.crosstab(began_at.iloc[grouped["row"]].to_numpy(), group.to_numpy())
    wanted = [*shown, rest] if rest else shown
    return counts.reindex(index=sizes.index, columns=wanted, fill_value=0)


def _groups(df: pd.DataFrame, by: str | None, threshold: float) -> pd.DataFrame:
    """Return each comment's position with each group that it is in."""
    if by == "label":
        return labels_of(df, threshold=threshold)
    if by is None:
        return pd.DataFrame({"row": np.arange(len(df)), "group": "all"})
    column = _column(df, by)
    values = column.astype("object").where(column.notna(), "none").map(str)
    return pd.DataFrame({"row": np.arange(len(df)), "group": values.to_numpy()})


def _sizes(at: pd.Series[Any], freq: str) -> pd.Series[int]:
    """Return how many of the times, which are in order, each period has, by when it began."""
    try:
        offset = to_offset(freq)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"freq={freq!r} is no length of time.", hint="Give h, D, W, ME, QE or YE, as in pandas."
        ) from error
    span = at.max() - at.min() if len(at) else pd.Timedelta(0)
    if isinstance(offset, pd.offsets.Tick) and span / pd.Timedelta(offset) > MOST_PERIODS:
        raise ConfigurationError(
            f"freq={freq!r} makes more than {MOST_PERIODS:,} periods of {span.days:,} days.",
            hint="Give a longer one, such as D.",
        )
    naive = pd.DatetimeIndex(at.astype("datetime64[us, UTC]")).tz_localize(None)
    sizes = pd.Series(1, index=naive).resample(freq).size()
    if freq.split("-", maxsplit=1)[0] in MARKED_AT_END:
        sizes.index = pd.DatetimeIndex(sizes.index) - offset + pd.Timedelta(days=1)
    return sizes


def _column(df: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in df.columns:
        raise ConfigurationError(
            f"This frame has no column {name!r}.",
            hint="Comments of sources have times and properties, those of datasets labels too: "
            "read_reinfer('datasets/{project}/{dataset}/comments').",
        )
    return df[name]
