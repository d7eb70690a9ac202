"""``df.reinfer``: what can be asked of a frame that `read_reinfer` made.

Registered when the package is imported, so that a frame read from Parquet has it too. What does the
work is imported when it is asked for.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from reinfer_pandas.exceptions import ConfigurationError


@pd.api.extensions.register_dataframe_accessor("reinfer")
class ReinferAccessor:
    """What can be asked of a frame that `read_reinfer` made: ``df.reinfer``.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("sources/acme/inbox/comments", limit=10)
    >>> df.reinfer.requests()[["attempt", "status", "outcome", "rows"]]
       attempt  status outcome  rows
    0        1     200      ok    10
    """

    def __init__(self, df: pd.DataFrame) -> None:
        self._df = df

    def __repr__(self) -> str:
        facts = self._tag()
        server_ms = facts["server_ms"]
        server = "server time unknown" if server_ms is None else f"server {server_ms:,.1f} ms"
        return (
            f"<reinfer: {facts['resource']} at {facts['host']}, {len(self._df):,} rows, "
            f"{facts['n_requests']:,} requests, {facts['n_retries']:,} retries, {server}, "
            f"fetched at {facts['fetched_at']}>"
        )

    def _tag(self) -> dict[str, Any]:
        found: dict[str, Any] | None = self._df.attrs.get("reinfer")
        if found is None:
            raise ConfigurationError(
                "this frame carries no tag of read_reinfer",
                hint=(
                    "merge, join and plain pandas.concat drop it: use rp.concat, or read with "
                    "timing='row' to have the server's time in columns."
                ),
            )
        return found

    @property
    def server_timing_ms(self) -> float | None:
        """The platform's own time for this frame [ms]; None where no answer gave it."""
        server_ms: float | None = self._tag()["server_ms"]
        return server_ms

    def requests(self) -> pd.DataFrame:
        """Return the HTTP attempts behind this frame, failed ones included.

        Returns
        -------
        DataFrame, shape (attempts, 15)
            As `Client.requests` gives them.
        """
        from reinfer_pandas._log import requests_frame

        return requests_frame(self._tag()["requests"])
