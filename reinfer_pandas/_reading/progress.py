"""One plain line that tells how a read is getting on, for whoever is watching."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reinfer_pandas._wire import Attempt, Request, Response, Send

DELAY_S = 1.0
"""A read that takes no longer shows nothing [s]."""


def is_watched() -> bool:
    """Tell whether a person is looking on: at a terminal, or at a live notebook."""
    with suppress(AttributeError, ValueError):
        if sys.stderr.isatty():
            return True
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", False))


class Progress:
    """The line; it can't break a read.

    Parameters
    ----------
    title : str
        What is read.
    total : int, optional
        Rows expected, as far as anybody knows.
    delay_s : float
        It is first shown after that long [s].
    file : text stream, optional
        Where the line goes; by default stderr.
    """

    def __init__(
        self,
        title: str,
        total: int | None = None,
        *,
        delay_s: float = DELAY_S,
        file: TextIO | None = None,
    ) -> None:
        from tqdm import tqdm

        self._lock = threading.Lock()
        self._server_ms = 0.0
        self._n_retries = 0
        self._reason = ""
        self._bar: Any = tqdm(
            total=total,
            desc=title,
            unit=" rows",
            file=file or sys.stderr,
            delay=delay_s,
            mininterval=0.5,
        )

    def answered(self, requests: Sequence[Sequence[Attempt]]) -> None:
        """Tell of requests that were answered; the line shows it with the next rows."""
        attempts = [attempt for tries in requests for attempt in tries]
        self._server_ms += sum(attempt.server_ms or 0.0 for attempt in attempts)
        self._n_retries += len(attempts) - len(requests)

    def advance(self, n_rows: int) -> None:
        """Tell of rows that came."""
        with self._drawing():
            if self._bar.total is not None:
                self._bar.total = max(self._bar.total, self._bar.n + n_rows)
            self._bar.set_postfix_str(self._facts(), refresh=False)
            self._bar.update(n_rows)

    def watch(self, send: Send) -> Send:
        """Return the same `Send`, whose failures are remembered as the reason for a wait."""

        def watched_send(request: Request) -> Response:
            try:
                return send(request)
            except ReinferError as error:
                self._reason = error.reason or type(error).__name__
                raise

        return watched_send

    def waiting(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Return the same sleep, told of on the line if it is long enough to be noticed."""

        def told_sleep(seconds: float) -> None:
            if seconds >= DELAY_S:
                reason = self._reason.removeprefix("http ")
                with self._drawing():
                    self._bar.set_postfix_str(f"waiting {seconds:.0f} s: {reason}")
            sleep(seconds)

        return told_sleep

    def close(self) -> None:
        """Leave the line as it is."""
        with self._drawing():
            self._bar.close()

    def _facts(self) -> str:
        retries = f", {self._n_retries} retries" if self._n_retries else ""
        return f"server {self._server_ms:,.0f} ms{retries}"

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """Let one thread draw at a time; a stream that is gone is nobody's error."""
        with self._lock, suppress(OSError, ValueError):
            yield
