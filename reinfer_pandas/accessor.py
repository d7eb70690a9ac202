"""``df.reinfer``: what can be asked of a frame that `read_reinfer` made.

Registered when the package is imported, so that a frame read from Parquet has it too. What does the
work is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes


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
        from reinfer_pandas._display import frame_facts

        facts = frame_facts(self._tag(), len(self._df))
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        return f"<reinfer: {self._verdict()}; {told}>"

    def _repr_html_(self) -> str:
        from reinfer_pandas._display import show_frame

        return show_frame(self._tag(), len(self._df), self._verdict())

    def _verdict(self) -> str:
        """Say what bounded the read."""
        from reinfer_pandas._analysing.verdict import verdict

        return str(verdict(self._df)) if "requests" in self._tag() else "no request log"

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
        DataFrame, shape (attempts, 19)
            As `Client.requests` gives them.
        """
        from reinfer_pandas._log import requests_frame

        return requests_frame(self._tag()["requests"])

    def labels(self) -> pd.DataFrame:
        """Return the labels, a row for each comment and label.

        Like the other views, it takes frames read back from Parquet by plain pandas, and any
        slice or filter of one; comments without labels have no row. Its dtypes are those of the
        frame, it carries the frame's tag, and its `uid` joins it to the comments.

        Returns
        -------
        DataFrame, shape (labels, 8)
            `uid`, `label` (parts joined by `` > ``), `parts`, `group`, `state` (assigned,
            dismissed or predicted), `probability` (of a prediction), and the sentiment as it was
            given: a number as `sentiment`, -1 to 1, a word as `sentiment_label`.

        Raises
        ------
        ConfigurationError
            The frame lacks `uid`, as a column or in its index, or the column that the view is of.

        Examples
        --------
        >>> import reinfer_pandas as rp
        >>> with rp.sandbox(comments=200) as client:
        ...     df = client.read("datasets/acme/claims/comments")
        >>> labels = df.reinfer.labels()
        >>> sorted(labels["state"].unique())
        ['assigned', 'dismissed', 'predicted']
        """
        from reinfer_pandas.tidy import labels

        return labels(self._df)

    def entities(self) -> pd.DataFrame:
        """Return the entities, a row for each of an entity's spans.

        An entity that stands nowhere in the text has one row, its span missing. To count entities
        and not spans, drop the rows whose `span_index` is above 0.

        Returns
        -------
        DataFrame, shape (spans, 14)
            `uid`, `entity_index`, `name`, `value`, `state`, `probability`, `span_index`,
            `message_index`, `content_part`, `char_start`, `char_end`, `utf16_byte_start`,
            `utf16_byte_end`, and `text`, what the span covers. That is cut by the bytes of UTF-16,
            which are right for emoji too, and by the characters where those are missing. It is
            missing where the text has no such stretch, and throughout where the frame has no
            column `messages`: merge predictions with their comments on `uid` first.

        Raises
        ------
        ConfigurationError
            As `labels` does.

        Examples
        --------
        >>> import reinfer_pandas as rp
        >>> with rp.sandbox(comments=200) as client:
        ...     df = client.read("datasets/acme/claims/comments")
        >>> entities = df.reinfer.entities()
        >>> claims = entities[entities["name"] == "claim-number"]
        >>> bool((claims["text"] == claims["value"]).all())
        True
        """
        from reinfer_pandas.tidy import entities

        return entities(self._df)

    def messages(self) -> pd.DataFrame:
        """Return the messages, whole: `uid`, `message_index` from 0, and the message's fields.

        Returns
        -------
        DataFrame, shape (messages, 14)

        Raises
        ------
        ConfigurationError
            As `labels` does.
        """
        from reinfer_pandas.tidy import messages

        return messages(self._df)

    def attachments(self) -> pd.DataFrame:
        """Return the attachments: `uid`, `attachment_index` from 0, and the attachment's fields.

        Returns
        -------
        DataFrame, shape (attachments, 8)

        Raises
        ------
        ConfigurationError
            As `labels` does.
        """
        from reinfer_pandas.tidy import attachments

        return attachments(self._df)

    def extractions(self) -> pd.DataFrame:
        """Return what was extracted for labels, a row for each label, capture and field.

        A capture without fields has one row, its field missing.

        Returns
        -------
        DataFrame, shape (fields, 13)
            `uid`, `label`, `parts`, `group`, `state`, `capture` (the label's occurrence, from 0),
            its `probability`, `field`, `value`, `kind`, `field_id`, `field_probability`, and
            `spans`, a list for each field.

        Raises
        ------
        ConfigurationError
            As `labels` does.
        """
        from reinfer_pandas.tidy import extractions

        return extractions(self._df)

    def label_properties(self) -> pd.DataFrame:
        """Return the scores such as tone: `uid`, `id`, `name`, `value`.

        Returns
        -------
        DataFrame, shape (scores, 4)

        Raises
        ------
        ConfigurationError
            As `labels` does.
        """
        from reinfer_pandas.tidy import label_properties

        return label_properties(self._df)

    def plot_latency(
        self, *, kind: str = "summary", ax: Axes | npt.NDArray[Any] | None = None
    ) -> Axes | npt.NDArray[Any]:
        """Draw who was slow: see `reinfer_pandas.plot_latency`."""
        from reinfer_pandas.plots import plot_latency

        return plot_latency(self._df, kind=kind, ax=ax)

    def plot_labels(
        self,
        *,
        threshold: float = 0.5,
        top: int = 20,
        share: bool = True,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw how many comments have each label: see `reinfer_pandas.charts.plot_labels`."""
        from reinfer_pandas.charts import plot_labels

        return plot_labels(self._df, threshold=threshold, top=top, share=share, ax=ax)

    def plot_volume(
        self,
        *,
        freq: str = "D",
        by: str | None = None,
        threshold: float = 0.5,
        top: int = 6,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw how many comments there were when: see `reinfer_pandas.charts.plot_volume`."""
        from reinfer_pandas.charts import plot_volume

        return plot_volume(self._df, freq=freq, by=by, threshold=threshold, top=top, ax=ax)
