"""How long the server takes: a model that it really sleeps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reinfer_pandas.exceptions import ConfigurationError
from reinfer_pandas.sandbox.dice import dice


@dataclass(frozen=True, slots=True)
class Latency:
    """Time per request: a base, so much per row, and log-normal jitter.

    Parameters
    ----------
    base_ms : float
        Of any request [ms]; the median where there are no rows.
    per_row_ms : float
        Added for each record in the answer [ms].
    jitter : float
        Standard deviation of the time's logarithm; 0 for none.
    seed : int
        What the jitter depends on, with the number of the request.

    Examples
    --------
    >>> Latency(20, per_row_ms=0.5, jitter=0).draw_ms(rows=100, number=1)
    70.0
    >>> Latency(0).draw_ms(rows=100, number=1)
    0.0
    """

    base_ms: float = 3.0
    per_row_ms: float = 0.0
    jitter: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("base_ms", "per_row_ms", "jitter"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name} must be a number of 0 or more, not {value!r}")

    def draw_ms(self, *, rows: int, number: int) -> float:
        """Return the time of a request [ms].

        Parameters
        ----------
        rows : int
            Records in its answer.
        number : int
            Of the request, counted from the server's start.
        """
        typical_ms = self.base_ms + self.per_row_ms * rows
        if not (typical_ms and self.jitter):
            return typical_ms
        return typical_ms * math.exp(self.jitter * dice(self.seed, number).gauss(0.0, 1.0))
