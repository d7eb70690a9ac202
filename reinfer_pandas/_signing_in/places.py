"""Where settings may be found, in order, without asking anybody."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from reinfer_pandas._signing_in.contexts import find_context
from reinfer_pandas._signing_in.keyring import recall
from reinfer_pandas._signing_in.settings import (
    ENDPOINT_VARIABLE,
    TOKEN_VARIABLE,
    Settings,
    Token,
    mask,
    normalise_endpoint,
    resolve_settings,
)
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COLAB = "google.colab"


def find_settings(
    endpoint: str | None = None,
    token: Token | None = None,
    *,
    context: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings | None:
    """Return the settings of the first place that has a token.

    In order: the arguments, the environment, the command line's contexts, Colab's user data, the
    keyring. A token never goes to another tenant than its own: where an endpoint is given or set,
    the places after the environment count only if theirs is the same.

    Parameters
    ----------
    endpoint : str, optional
        The tenant, in any form of `normalise_endpoint`.
    token : Token, optional
        Of that tenant.
    context : str, optional
        Name of a context of the command line.
    environ : Mapping of str to str
        The environment.

    Returns
    -------
    Settings or None
        None where no place has a token.

    Raises
    ------
    ConfigurationError
        There is a token but no endpoint, or a setting that can't be.
    """
    if context is not None:
        if token is not None or endpoint is not None:
            raise ConfigurationError("Give a context, or endpoint and token, not both.")
        return find_context(context, environ=environ)
    if token is not None or environ.get(TOKEN_VARIABLE, "").strip():
        return resolve_settings(endpoint, token, environ=environ)
    wanted = wanted_endpoint(endpoint, environ=environ)
    found = _elsewhere(wanted, environ)
    return next((each for each in found if wanted in {None, each.endpoint}), None)


def wanted_endpoint(
    endpoint: str | None = None, *, environ: Mapping[str, str] = os.environ
) -> str | None:
    """Return the tenant asked for, by argument or variable; None where none is.

    Raises
    ------
    ConfigurationError
        It can't be an endpoint.
    """
    given = endpoint if endpoint is not None else environ.get(ENDPOINT_VARIABLE, "").strip()
    return None if given == "" and endpoint is None else normalise_endpoint(given)


def _elsewhere(wanted: str | None, environ: Mapping[str, str]) -> Iterator[Settings]:
    """Yield what is found beyond the environment; no place is searched before its turn."""
    if found := find_context(environ=environ):
        yield found
    if found := _colab(wanted):
        yield found
    if found := recall():
        yield found


def _colab(wanted: str | None) -> Settings | None:
    """Return what Colab's user data hold, in Colab; the endpoint may be set elsewhere."""
    if _COLAB not in sys.modules:
        return None
    token = mask(_user_data(TOKEN_VARIABLE))
    endpoint = _user_data(ENDPOINT_VARIABLE)
    where = "Colab's user data"
    if token is None or (endpoint is None and wanted is None):
        return None
    found = resolve_settings(endpoint or wanted, token, environ={})
    endpoint_from = where if endpoint else "argument or environment"
    return replace(found, endpoint_from=endpoint_from, token_from=where)


def _user_data(name: str) -> str | None:
    """Return an entry of Colab's user data; None without it, or without leave to read it."""
    store = import_module(f"{_COLAB}.userdata")
    refusals = ("SecretNotFoundError", "NotebookAccessError", "TimeoutException")
    try:
        return store.get(name) or None
    except tuple(getattr(store, refusal) for refusal in refusals):
        return None
