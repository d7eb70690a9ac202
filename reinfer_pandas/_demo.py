"""The main job from end to end: read, retry, tag, and a figure of who was slow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reinfer_pandas._latency import latency
from reinfer_pandas._sending.retry import RetryPolicy
from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.frames import concat
from reinfer_pandas.plots import plot_latency
from reinfer_pandas.reader import default_client
from reinfer_pandas.sandbox import Fault, sandbox

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reinfer_pandas.client import Client

MONTH = pd.Timedelta(days=30)


def demo(figure: Path) -> None:
    """Read datasets, sources and a month of comments, and show what came and how long it took.

    Parameters
    ----------
    figure : Path
        Where the latency figure goes, as PNG.

    Raises
    ------
    ReinferError
        The tenant can't be read.
    """
    with _connect() as client:
        print(client)
        datasets = _show(client.read("datasets"), "datasets")
        sources = _show(client.read("sources"), "sources")
        if datasets.empty:
            raise ConfigurationError("this token sees no dataset, so there are no comments to read")
        owner, name = datasets.iloc[0][["owner", "name"]]
        comments = _show(_last_month(client, f"datasets/{owner}/{name}/comments"), "comments")
        everything = concat([datasets, sources, comments])
        _report(everything, comments, figure)


def _connect() -> AbstractContextManager[Client]:
    """Return the tenant of the environment, or a sandbox where a tenth of the answers are 503."""
    if os.environ.get("REINFER_TOKEN") and os.environ.get("REINFER_ENDPOINT"):
        return default_client()
    print(
        "No REINFER_TOKEN and REINFER_ENDPOINT: reading a sandbox, with faults to show retries.\n"
    )
    fault = Fault("status", status=503, retry_after="0", rate=0.15)
    return sandbox(faults=(fault,), retry=RetryPolicy(base_s=0.1))


def _last_month(client: Client, resource: str) -> pd.DataFrame:
    newest = client.read(resource, limit=1, columns=["timestamp"])
    if newest.empty:
        return client.read(resource)
    end = newest["timestamp"].iloc[0]
    return client.read(resource, start=end - MONTH, end=end, page_size=64)


def _show(df: pd.DataFrame, title: str) -> pd.DataFrame:
    """Print a frame's head, dtypes and tag, and return it."""
    facts = df.attrs["reinfer"]
    print(f"\n=== {title}: {len(df):,} rows, from {facts['resource']}")
    print(df.iloc[:3, :6].to_string(max_colwidth=28))
    print(df.dtypes.astype(str).to_frame("dtype").T.to_string(max_colwidth=20, line_width=100))
    print(f"df.attrs['server_timing_ms'] = {df.attrs['server_timing_ms']}")
    return df


def _report(everything: pd.DataFrame, comments: pd.DataFrame, figure: Path) -> None:
    """Print the latency table, and draw the figure."""
    attempts = comments.reinfer.requests()
    print("\n=== the last ten requests for comments")
    shown = ["started_at", "attempt", "outcome", "server_ms", "elapsed_ms", "waited_ms", "rows"]
    print(attempts[shown].tail(10).to_string(index=False, float_format="{:,.1f}".format))
    print("\n=== latency, by resource")
    print(latency(everything).T.to_string(float_format="{:,.1f}".format))
    axes = np.ravel(np.asarray(plot_latency(everything)))
    axes[0].figure.savefig(figure, dpi=150)
    print(f"\nThe latency figure is in {figure.resolve()}")
