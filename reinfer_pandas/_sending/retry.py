"""What is tried again, how often and after how long.

Source: RFC 9110, 5.6.7 (dates), 9.2.2 (idempotent methods), 10.2.3 (Retry-After); Re:infer API
guide, errors and rate limits.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from tenacity import Retrying, wait_exponential

from reinfer_pandas._sending.retry_after import parse_retry_after
from reinfer_pandas._sending.silence import Silence
from reinfer_pandas.exceptions import APIError, ConfigurationError, NetworkError, ReinferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from reinfer_pandas._wire import Attempt, Request, Response, Send

__all__ = ["RetryPolicy", "is_retried", "parse_retry_after", "retrying"]

_NOT_ARRIVED = ("dns", "refused", "unreachable", "connect timeout", "proxy")
_LOST = ("timeout", "closed", "reset", "cut off", "bad gzip", "not http", "tls", "network")
_UNREADABLE = ("empty body", "not utf-8", "not json", "wrong envelope")
_STATUSES = (408, 429, *(status for status in range(500, 600) if status not in (501, 505)))

RETRIED_ALWAYS = frozenset({"http 429", *_NOT_ARRIVED})
"""Reasons after which any request is sent again: it didn't arrive, or was turned away."""

RETRIED = RETRIED_ALWAYS.union(_LOST, _UNREADABLE, (f"http {status}" for status in _STATUSES))
"""Reasons after which a request is sent again that may be sent twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """What is tried again, how often and after how long.

    ===========================================================  =================  ==============
    what happened                                                reads, and what    other requests
                                                                 may be sent twice
    ===========================================================  =================  ==============
    429 too many requests                                        tried again        tried again
    no connection: name not found, refused, unreachable, not in  tried again        tried again
    time, none by the proxy
    408, and 5xx but 501 and 505                                 tried again        no
    timeout, connection reset, closed or failed, body cut off    tried again        no
    or damaged, no HTTP
    2xx with a body that is empty, not UTF-8, not JSON or not    tried again        no
    the platform's envelope
    any other 4xx, 501, 505                                      no                 no
    certificate not trusted, redirect elsewhere, body too        no                 no
    large, missing key, wrong type, repeated continuation
    Ctrl-C                                                       no, at once        no, at once
    ===========================================================  =================  ==============

    Before retry *n* it waits a random time between 0 and ``base_s`` · 2ⁿ⁻¹, at most ``cap_s``
    (full jitter). If the server says how long to wait (``Retry-After``, seconds or a date), it
    waits that long and up to ``base_s`` more, so that many workers don't come back at once; if
    that is longer than ``retry_after_cap_s``, the error is raised at once. No wait begins that
    would end after ``deadline_s``: the last real error is raised instead. And when no byte has come
    for ``stall_s``, over whatever attempts and waits but those that the server asked for, a read
    ends: a shorter `timeout` of the client leaves time for another attempt.

    Attributes
    ----------
    attempts : int
        How often a request is sent in all, 1 or more; 1 means no retry.
    base_s : float
        Longest wait before the first retry [s].
    cap_s : float
        Longest wait before any retry [s].
    deadline_s : float
        For one request, over all its attempts and waits [s].
    retry_after_cap_s : float
        Longest ``Retry-After`` obeyed [s].
    stall_s : float
        Longest silence, over all requests of a read [s].

    Raises
    ------
    ConfigurationError
        A value that can't be.

    Notes
    -----
    The platform's own client waits 5, 10 and 20 s; the default waits 15 s on average, 30 s at most.

    Examples
    --------
    >>> patient = RetryPolicy(attempts=8, cap_s=60)
    >>> patient.attempts, patient.deadline_s
    (8, 300.0)
    """

    attempts: int = 5
    base_s: float = 2.0
    cap_s: float = 30.0
    deadline_s: float = 300.0
    retry_after_cap_s: float = 120.0
    stall_s: float = 60.0

    def __post_init__(self) -> None:
        if isinstance(self.attempts, bool) or not isinstance(self.attempts, int):
            raise ConfigurationError(f"attempts={self.attempts!r}: give a whole number.")
        if self.attempts < 1:
            raise ConfigurationError(f"attempts={self.attempts!r}: give 1 or more; 1 is no retry.")
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not 0 <= value < math.inf:
                raise ConfigurationError(f"{field.name}={value!r}: give seconds, 0 or more.")
        for name in ("deadline_s", "stall_s"):
            if getattr(self, name) == 0:
                raise ConfigurationError(f"{name}=0: give seconds, more than 0.")


def is_retried(error: BaseException | None, *, idempotent: bool = True) -> bool:
    """Tell whether a request is tried again after an error, by what happened alone."""
    if not isinstance(error, ReinferError):
        return False
    reason = f"http {error.status_code}" if isinstance(error, APIError) else error.reason
    return reason in (RETRIED if idempotent else RETRIED_ALWAYS)


def retrying(
    send: Send,
    policy: RetryPolicy,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[float, float], float] = random.uniform,
    silence: Silence | None = None,
) -> Send:
    """Return a `Send` that tries again as a policy says.

    Parameters
    ----------
    send : Send
        Tries once. Of a request's `timeout_s` it gets what is left.
    policy : RetryPolicy
        What, how often, after how long.
    clock, sleep : callable
        Tells the time, and waits [s].
    draw : callable
        A random number between two.
    silence : Silence, optional
        How long nothing has come; by default, of this `Send` alone.

    Returns
    -------
    Send
        Its responses, and the errors that it raises, have the log of all attempts, numbered, with
        the wait before each. It may be used from many threads.
    """
    controller = Retrying(sleep=sleep, reraise=True)
    heard = silence or Silence(policy.stall_s, clock=clock)

    def retrying_send(request: Request) -> Response:
        call = _Call(send, request, policy, clock, draw, heard)
        # A copy for each call: threads that share one now and then get its KeyError instead.
        once_more = controller.copy(retry=call.may_retry, wait=call.wait_s, stop=call.is_over)
        return once_more(call)

    return retrying_send


class _Call:
    """One request on its way through its attempts."""

    def __init__(
        self,
        send: Send,
        request: Request,
        policy: RetryPolicy,
        clock: Callable[[], float],
        draw: Callable[[float, float], float],
        silence: Silence,
    ) -> None:
        self._silence = silence
        self._send = send
        self._request = request
        self._policy = policy
        self._clock = clock
        self._draw = draw
        self._window_s = wait_exponential(multiplier=policy.base_s, max=policy.cap_s)
        given_s = math.inf if request.timeout_s is None else request.timeout_s
        self._deadline_s = min(policy.deadline_s, given_s)
        self._log: tuple[Attempt, ...] = ()
        self._error: ReinferError | None = None
        self._start_s = clock()
        self._end_s = self._start_s

    def __call__(self) -> Response:
        """Send the request once."""
        start_s = self._clock()
        waited_ms = (start_s - self._end_s) * 1000 if self._error else 0.0
        if self._error is None:
            self._silence.end()
        elif self._error.retry_after_s is not None:
            self._silence.excuse(waited_ms / 1000)
        left_s = self._deadline_s - (start_s - self._start_s)
        if self._error and left_s <= 0:  # the sleep was longer than asked for
            self._error.elapsed_s = start_s - self._start_s
            raise self._error
        try:
            response = self._send(replace(self._request, timeout_s=left_s))
        except ReinferError as error:
            error.log = self._noted(error.log, waited_ms)
            error.elapsed_s = self._end_s - self._start_s
            self._error = error
            raise
        return replace(response, attempts=self._noted(response.attempts, waited_ms))

    def may_retry(self, state: RetryCallState) -> bool:
        """Tell whether the last attempt ended in an error after which there may be another."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, ReinferError) or not is_retried(
            error, idempotent=self._request.idempotent
        ):
            return False
        if (error.retry_after_s or 0) <= self._policy.retry_after_cap_s:
            return True
        self._tell_wait(f"retry_after_cap_s={self._policy.retry_after_cap_s:g}")
        return False

    def wait_s(self, state: RetryCallState) -> float:
        """Draw how long to wait before the next attempt [s]."""
        if self._error is None or self._error.retry_after_s is None:
            return self._draw(0, self._window_s(state))
        return self._error.retry_after_s + self._draw(0, self._policy.base_s)

    def is_over(self, state: RetryCallState) -> bool:
        """Tell whether the attempts are spent, or the time would be, the next wait included."""
        if state.attempt_number >= self._policy.attempts:
            return True
        if self._has_stalled(state.upcoming_sleep):
            return True
        if self._clock() - self._start_s + state.upcoming_sleep < self._deadline_s:
            return False
        self._tell_wait(f"deadline_s={self._deadline_s:g}")
        return True

    def _has_stalled(self, sleep_s: float) -> bool:
        """Tell whether nothing has come for too long, the next wait included; say so if it has."""
        error = self._error
        if not isinstance(error, NetworkError) or self._silence.left_s > sleep_s:
            return False
        words = f"No byte has come for {self._silence.most_s:g} s (RetryPolicy has stall_s)."
        error.hint = f"{words} {error.hint}" if error.hint else words
        return True

    def _noted(self, attempts: tuple[Attempt, ...], waited_ms: float) -> tuple[Attempt, ...]:
        """Note what was sent, numbered on, with the wait before it; return the log so far."""
        self._end_s = self._clock()
        for attempt in attempts:
            number = len(self._log) + 1
            self._log += (replace(attempt, number=number, waited_ms=attempt.waited_ms + waited_ms),)
        return self._log

    def _tell_wait(self, bound: str) -> None:
        """Add to the error, where the server said how long to wait, why that isn't done."""
        error = self._error
        if error and error.retry_after_s is not None:
            asked = f"The server asks to wait {error.retry_after_s:g} s; RetryPolicy has {bound}."
            error.hint = f"{error.hint} {asked}" if error.hint else asked
