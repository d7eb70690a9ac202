"""The contexts of the official command line, ``re``: read, never written.

Source: the public repository reinfer/cli, ``cli/src/config.rs`` and ``cli/src/main.rs``.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from reinfer_pandas._signing_in.settings import Settings, Token, normalise_endpoint
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Context(msgspec.Struct, frozen=True):
    """A tenant, as the command line knows it.

    Attributes
    ----------
    name, endpoint : str
        Its name, and the address of the tenant.
    token : Token or None
        Masked as it is decoded; the command line asks where there is none.
    accept_invalid_certificates : bool
        Whether the command line trusts any certificate; this package doesn't.
    proxy : object
        Of this context only; may hold a password, and is shown nowhere.
    """

    name: str
    endpoint: str
    token: Token | None = None
    accept_invalid_certificates: bool = False
    proxy: Any = None


class Contexts(msgspec.Struct, frozen=True):
    """The whole file."""

    contexts: tuple[Context, ...]
    current_context: str | None = None
    context_is_required: bool = False

    def get(self, name: str | None) -> Context | None:
        """Return the context of a name, or the current one; None where there is no such."""
        if name is None and not self.context_is_required:
            name = self.current_context
        return next((context for context in self.contexts if context.name == name), None)


def contexts_file(
    environ: Mapping[str, str] = os.environ, *, platform: str = sys.platform
) -> Path | None:
    """Return where the command line keeps its contexts; None where that can't be told."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if platform == "win32":
        folder = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        given = Path(environ.get("XDG_CONFIG_HOME") or "")
        folder = given if given.is_absolute() else home / ".config"
    return folder / "reinfer" / "contexts.json"


def find_context(
    name: str | None = None, *, environ: Mapping[str, str] = os.environ
) -> Settings | None:
    """Return the settings of a context of the command line.

    Parameters
    ----------
    name : str, optional
        By default the current context; none is where the command line requires a name.
    environ : Mapping of str to str
        The environment, for the user's configuration folder.

    Returns
    -------
    Settings or None
        None, and a warning, for a broken file; None where there is no file or no current context,
        or where that has no token.

    Raises
    ------
    ConfigurationError
        A context is asked for by name, and isn't there, or has no token.
    """
    path = contexts_file(environ)
    known = _load(path)
    try:
        return _settings_of(known, name, path)
    except ConfigurationError as error:
        if name is not None:
            raise
        warnings.warn(f"{error} The command line's contexts are left out.", stacklevel=4)
        return None


def _settings_of(known: Contexts | str, name: str | None, path: Path | None) -> Settings | None:
    """Return the settings of a context; None where there is no current one with a token."""
    if isinstance(known, str):
        raise ConfigurationError(known)
    context = known.get(name)
    if name is not None:
        _check(context, name, known, path)
    if context is None or context.token is None:
        return None
    context.token.check()
    _warn_of_differences(context)
    return Settings(
        endpoint=normalise_endpoint(context.endpoint),
        token=context.token,
        endpoint_from=f"context {context.name} of re",
        token_from=f"context {context.name} of re",
    )


def _load(path: Path | None) -> Contexts | str:
    """Return what the file holds, or what is wrong with it, in words that don't repeat it.

    Nothing is raised from here: a traceback would show the file's text.
    """
    if path is None or not path.is_file():
        return Contexts(contexts=())
    try:
        return msgspec.json.decode(path.read_bytes(), type=Contexts, dec_hook=_hide)
    except msgspec.DecodeError as error:
        problem = str(error)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    return f"The contexts of the command line, {path}, can't be read: {problem}."


def _hide(kind: type, value: Any) -> Any:
    """Decode a token, which is masked from then on."""
    if kind is Token and isinstance(value, str):
        return Token(value)
    raise NotImplementedError(f"no {kind.__name__}")


def _check(context: Context | None, name: str, known: Contexts, path: Path | None) -> None:
    """Refuse a context that was asked for by name, and can't sign in."""
    if context is None:
        names = ", ".join(sorted(each.name for each in known.contexts))
        hint = f"Those in {path}: {names}." if names else f"There are none in {path}."
        raise ConfigurationError(f"There is no context {name!r} of the command line.", hint=hint)
    if context.token is None:
        raise ConfigurationError(
            f"The context {name!r} of the command line has no token.",
            hint=f"Give it one by `re config add`, or call login(endpoint={context.endpoint!r}).",
        )


def _warn_of_differences(context: Context) -> None:
    if context.accept_invalid_certificates:
        warnings.warn(
            f"The context {context.name!r} accepts invalid certificates; reinfer_pandas never "
            "does. If it refuses yours, name your authority's file in REQUESTS_CA_BUNDLE.",
            stacklevel=5,
        )
    if context.proxy:
        warnings.warn(
            f"The proxy of the context {context.name!r} isn't used; set HTTPS_PROXY.",
            stacklevel=5,
        )
