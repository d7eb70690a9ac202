"""The requests behind a partition, taken from its tag by a task of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reinfer_pandas._log import requests_frame
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

PARTITION = "partition"
REQUESTS_PER_PARTITION = 1_000_000
"""The numbers of a partition's requests begin at so many times its place."""


def partition_log(df: pd.DataFrame) -> pd.DataFrame:
    """Return the requests behind a partition.

    Raises
    ------
    ConfigurationError
        It carries no log: it was made by something that drops it.
    """
    tag = df.attrs.get("reinfer") or {}
    if PARTITION not in tag:
        raise ConfigurationError(
            "This partition carries no request log.",
            hint="Take requests(ddf) of what read_reinfer returned, or of that persisted as it is: "
            "merges, shuffles and concatenations lose the log.",
        )
    return _numbered(requests_frame(tag["requests"]), tag[PARTITION])


def _numbered(log: pd.DataFrame, place: int) -> pd.DataFrame:
    """Return a partition's log, its requests counted apart from others', and whose it is."""
    log["request"] += place * REQUESTS_PER_PARTITION
    log[PARTITION] = log["request"] // REQUESTS_PER_PARTITION
    return log


EMPTY_LOG = _numbered(requests_frame("[]"), 0)
