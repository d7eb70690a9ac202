"""The errors: what was asked, what came back, what to do next.

::

    ReinferError
    ├── ConfigurationError (also a ValueError)   before any request: token, endpoint, option
    ├── NetworkError                             no usable answer: refused, timed out, cut off
    ├── APIError                                 the platform answered with an error
    │   ├── InvalidRequestError   400, 413, 422
    │   ├── AuthenticationError   401
    │   ├── PermissionDeniedError 403
    │   ├── NotFoundError         404
    │   ├── ConflictError         409
    │   ├── RateLimitError        429
    │   └── ServerError           5xx
    └── ResponseError                            an answer, but not what the contract says
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pandas import DataFrame

    from reinfer_pandas._wire import Attempt


class _Resumable(BaseException):
    """What ended a read that can go on."""

    _arrived: Callable[[], DataFrame] | None = None
    _go_on: Callable[[], Any] | None = None
    _partial: DataFrame | None = None

    @property
    def partial(self) -> DataFrame | None:
        """The rows that had arrived, tagged; None where nothing was being read."""
        if self._partial is None and self._arrived is not None:
            self._partial = self._arrived()
        return self._partial

    @partial.setter
    def partial(self, found: DataFrame | None) -> None:
        self._partial = found

    def resume(self) -> Any:
        """Go on with the read that this ended: only what is missing is asked for.

        It may be called as often as that fails again.

        Returns
        -------
        DataFrame, or an iterator of them
            The whole frame, as if nothing had happened; of a read with `chunksize`, the frames
            that hadn't been handed on.

        Raises
        ------
        ConfigurationError
            No read was ended, or it has gone on to its end since.
        """
        if self._go_on is None:
            raise ConfigurationError("this error ended no read that could go on")
        return self._go_on()

    def broke_off(self, arrived: Callable[[], DataFrame], go_on: Callable[[], Any]) -> None:
        """Note what had arrived of the read that this ended, and what goes on with it."""
        self._arrived, self._go_on = arrived, go_on

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave behind the read, which is this process's; what had arrived goes along."""
        state = {**self.__dict__, "_partial": self.partial}
        kept = {name: value for name, value in state.items() if name not in ("_arrived", "_go_on")}
        return type(self), self.args, kept


class ReinferError(_Resumable, Exception):
    """Base of every error that this package raises.

    Attributes
    ----------
    message : str
        What went wrong; for an `APIError`, the platform's own words.
    hint : str or None
        What to do next.
    status_code : int or None
        HTTP status of the last answer.
    method, path : str or None
        What was asked; the path without its query.
    reason : str or None
        The outcome in a word or two, as in the requests frame: ``http 503``, ``timeout``, …
    attempts : int
        How many times it was tried.
    elapsed_s : float or None
        Over all tries and waits [s].
    server_timing_ms : float or None
        The platform's own time for the last answer [ms].
    retry_after_s : float or None
        How long the server asked us to wait [s].
    partial : DataFrame or None
        The rows that had arrived before the error and weren't handed on, in order, without a gap,
        tagged; ``attrs["reinfer"]["ranges"]`` has the time ranges of which it holds all. None
        where nothing was being read.
    """

    message: str
    hint: str | None = None
    status_code: int | None = None
    method: str | None = None
    path: str | None = None
    reason: str | None = None
    elapsed_s: float | None = None
    server_timing_ms: float | None = None
    retry_after_s: float | None = None
    log: tuple[Attempt, ...] = ()

    def __init__(self, message: str = "", **facts: object) -> None:
        super().__init__(message)
        self.message = message
        for name, value in facts.items():
            if not hasattr(ReinferError, name):
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}")
            setattr(self, name, value)

    @property
    def attempts(self) -> int:
        """How many times it was tried."""
        return len(self.log)

    def __str__(self) -> str:
        return " ".join(filter(None, (_sentence(self._story()), self.hint, self._effort())))

    def _story(self) -> str:
        """Tell what was asked and what came back, as one sentence."""
        return f"{self.method} {self.path}: {self.message}" if self.method else self.message

    def _effort(self) -> str:
        """Tell how long and how often it was tried."""
        if self.elapsed_s is None:
            return ""
        plural = "s" if self.attempts != 1 else ""
        return f"({self.attempts} attempt{plural}, {self.elapsed_s:.1f} s)"


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text}."


class ConfigurationError(ReinferError, ValueError):
    """Found before any request: no token, a bad endpoint, resource path or option."""


class NetworkError(ReinferError):
    """No usable answer: refused, reset, timed out, or cut off in the body."""


class ResponseError(ReinferError):
    """An answer came, but not what the contract says: not JSON, wrong envelope, missing key."""


class APIError(ReinferError):
    """The platform, or a gateway before it, answered with an error status."""

    def _story(self) -> str:
        asked = f"{self.method} {self.path} was answered " if self.method else ""
        return f"{asked}{self.status_code}: {self.message}"


class InvalidRequestError(APIError):
    """400, 413, 422: the request isn't valid for this route."""


class AuthenticationError(APIError):
    """401: the token is missing, wrong, or superseded by a newer one."""


class PermissionDeniedError(APIError):
    """403: the token is good, a permission is missing."""


class NotFoundError(APIError):
    """404: no such route, or no such resource."""


class ConflictError(APIError):
    """409: the request conflicts with what is stored."""


class RateLimitError(APIError):
    """429: too many requests."""


class ServerError(APIError):
    """5xx: a problem of the platform or of a gateway before it."""


class ReadInterrupted(_Resumable, KeyboardInterrupt):
    """Ctrl-C, or the notebook's button, ended a read, which can go on as after a `ReinferError`."""


_BY_STATUS: Mapping[int, type[APIError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidRequestError,
    422: InvalidRequestError,
    429: RateLimitError,
}


def error_class(status: int) -> type[APIError]:
    """Return the class of the error that an HTTP status stands for."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIError)
