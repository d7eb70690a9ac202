"""What a request goes through: sent once, checked, paced, tried again, noted."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reinfer_pandas._sending.envelope import checked
from reinfer_pandas._sending.pace import Gate, gated, paced
from reinfer_pandas._sending.retry import retrying
from reinfer_pandas._sending.silence import Silence
from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    import threading

    from reinfer_pandas._reading.progress import Progress
    from reinfer_pandas._sending.pace import Pace
    from reinfer_pandas._sending.retry import RetryPolicy
    from reinfer_pandas._sending.transport import Transport
    from reinfer_pandas._signing_in.settings import Token
    from reinfer_pandas._wire import Attempt, Request, Response, Send

LOG_LENGTH = 100_000
"""How many requests are remembered; older ones are forgotten first."""


class StoppedError(Exception):
    """Raised in a thread whose read is over."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages of one client.

    Attributes
    ----------
    transport : Transport
        Sends once.
    token : Token
        Blotted out of what the server says.
    retry : RetryPolicy
        What is tried again.
    gate : Gate
        Holds all requests back while the server asks for a pause.
    pace : Pace, optional
        Says when each request may begin.
    log : deque of tuple of Attempt
        The attempts of each request.
    """

    transport: Transport
    token: Token
    retry: RetryPolicy
    gate: Gate
    pace: Pace | None = None
    log: deque[tuple[Attempt, ...]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))

    def __call__(
        self,
        stop: threading.Event,
        *,
        progress: Progress | None = None,
        retry: RetryPolicy | None = None,
    ) -> Send:
        """Return what sends for one read.

        Parameters
        ----------
        stop : threading.Event
            Set when the read is over: waits end then, for bytes and between attempts.
        progress : Progress, optional
            Told of failures and waits.
        retry : RetryPolicy, optional
            In place of the client's.
        """

        def sleep(seconds: float) -> None:
            if stop.wait(seconds):
                raise StoppedError

        wait = progress.waiting(sleep) if progress else sleep
        policy = retry or self.retry
        silence = Silence(policy.stall_s)
        send_once = partial(self.transport.send, is_over=stop.is_set, silence=silence)
        send = checked(send_once, redact=self.token.redact)
        clock = time.monotonic
        if self.pace:
            send = paced(send, self.pace, self.gate, sleep=wait, excuse=silence.excuse)
            clock = self.pace.clock
        send = gated(send, self.gate, sleep=wait, excuse=silence.excuse)
        send = progress.watch(send) if progress else send
        send = retrying(send, policy, clock=clock, sleep=wait, silence=silence)
        return recorded(send, self.log)


def recorded(send: Send, log: deque[tuple[Attempt, ...]]) -> Send:
    """Return a `Send` that notes the attempts of each request, failed ones included."""

    def recorded_send(request: Request) -> Response:
        try:
            response = send(request)
        except ReinferError as error:
            log.append(error.log)
            raise
        log.append(response.attempts)
        return response

    return recorded_send
