"""Re:infer (UiPath Communications Mining) in pandas: API JSON in, tagged DataFrames out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reinfer_pandas import accessor  # registers DataFrame.reinfer
from reinfer_pandas._version import __version__

if TYPE_CHECKING:
    from reinfer_pandas._analysing.compare import compare_latency
    from reinfer_pandas._analysing.fit import fit_latency
    from reinfer_pandas._analysing.groups import latency
    from reinfer_pandas._analysing.har import to_har
    from reinfer_pandas._analysing.slo import latency_slo
    from reinfer_pandas._analysing.verdict import verdict
    from reinfer_pandas._figures.compare import plot_comparison
    from reinfer_pandas._listing import resources
    from reinfer_pandas._login import login, logout, show_config
    from reinfer_pandas._probe import probe
    from reinfer_pandas._sending.retry import RetryPolicy
    from reinfer_pandas.client import Client
    from reinfer_pandas.exceptions import (
        APIError,
        AuthenticationError,
        ConfigurationError,
        ConflictError,
        InvalidRequestError,
        NetworkError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        ReadInterrupted,
        ReinferError,
        ResponseError,
        ServerError,
    )
    from reinfer_pandas.frames import concat
    from reinfer_pandas.plots import plot_latency
    from reinfer_pandas.reader import read_reinfer
    from reinfer_pandas.sandbox import sandbox
    from reinfer_pandas.server_timing import parse_server_timing

_HOMES = {
    "client": ("Client",),
    "dask": ("dask",),
    "reader": ("read_reinfer",),
    "_sending.retry": ("RetryPolicy",),
    "exceptions": (
        "APIError",
        "AuthenticationError",
        "ConfigurationError",
        "ConflictError",
        "InvalidRequestError",
        "NetworkError",
        "NotFoundError",
        "PermissionDeniedError",
        "RateLimitError",
        "ReadInterrupted",
        "ReinferError",
        "ResponseError",
        "ServerError",
    ),
    "export": ("export_reinfer",),
    "frames": ("concat",),
    "_analysing.har": ("to_har",),
    "_analysing.slo": ("latency_slo",),
    "_analysing.verdict": ("verdict",),
    "_analysing.compare": ("compare_latency",),
    "_analysing.fit": ("fit_latency",),
    "_analysing.groups": ("latency",),
    "_figures.compare": ("plot_comparison",),
    "_listing": ("resources",),
    "_login": ("login", "logout", "show_config"),
    "_probe": ("probe",),
    "plots": ("plot_latency",),
    "sandbox": ("sandbox",),
    "server_timing": ("parse_server_timing",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "APIError",
    "AuthenticationError",
    "Client",
    "ConfigurationError",
    "ConflictError",
    "InvalidRequestError",
    "NetworkError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ReadInterrupted",
    "ReinferError",
    "ResponseError",
    "RetryPolicy",
    "ServerError",
    "__version__",
    "accessor",
    "compare_latency",
    "concat",
    "export_reinfer",
    "fit_latency",
    "latency",
    "latency_slo",
    "login",
    "logout",
    "parse_server_timing",
    "plot_comparison",
    "plot_latency",
    "probe",
    "read_reinfer",
    "resources",
    "sandbox",
    "show_config",
    "to_har",
    "verdict",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME_OF[name]}")
    value = module if name == _HOME_OF[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
