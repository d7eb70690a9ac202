"""Endpoint and token: where they come from, and how the token is kept out of sight."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Self

from reinfer_pandas._signing_in.endpoint import ACCEPTED, normalise_endpoint
from reinfer_pandas.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Settings", "Token", "mask", "normalise_endpoint", "resolve_settings"]

TOKEN_VARIABLE = "REINFER_TOKEN"  # noqa: S105 - the variable's name
ENDPOINT_VARIABLE = "REINFER_ENDPOINT"

_WHERE_FROM = "Copy the API token from Manage Account in Re:infer, and paste nothing else."


class Token:
    """An API token that shows itself to nobody who doesn't ask for it by `reveal`.

    Its text is in no attribute but in a closure, so neither ``repr``, ``str``, ``format``,
    ``vars`` nor a traceback with variables has it. Tokens are equal only to themselves, hash by
    identity, and are copied by reference. They are not pickled: that raises TypeError.

    A text that can't be a token is taken, and refused when it is first needed: so a token can be
    hidden before anything is done that may fail and show its arguments.

    Parameters
    ----------
    text : str
        As pasted; blanks around it don't count.

    Examples
    --------
    >>> Token("not-a-real-token")
    Token(***)
    """

    __slots__ = ("_hidden", "_problem")

    def __init__(self, text: str) -> None:
        self._problem = _problem(text)
        self._hidden = _hide("" if self._problem else text.strip())

    def check(self) -> None:
        """Refuse a token that no header can hold.

        Raises
        ------
        ConfigurationError
            It is empty or has a blank, control or non-ASCII character; the message tells which
            and where, not the text.
        """
        if self._problem:
            raise ConfigurationError(self._problem, hint=_WHERE_FROM)

    def reveal(self) -> str:
        """Return the text; never keep it in a variable.

        Raises
        ------
        ConfigurationError
            As `check`.
        """
        self.check()
        return self._hidden()

    def redact(self, text: str) -> str:
        """Return a text without the token, which a server may echo."""
        return text.replace(self._hidden(), "***") if self._hidden() else text

    def __repr__(self) -> str:
        return "Token(***)"

    def __str__(self) -> str:
        return "***"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a token isn't pickled: set {TOKEN_VARIABLE} where it is needed")


def mask(token: str | Token | None) -> Token | None:
    """Hide a token, if there is one, before anything can fail; a bad one is refused later."""
    return token if token is None or isinstance(token, Token) else Token(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the requests go, and with which token.

    Attributes
    ----------
    endpoint : str
        Base URL of the tenant, as `normalise_endpoint` returns it.
    token : Token
        Masked.
    endpoint_from, token_from : str
        Where each came from: ``argument`` or the environment variable's name.
    """

    endpoint: str
    token: Token
    endpoint_from: str = "argument"
    token_from: str = "argument"  # noqa: S105 - a place

    @property
    def host(self) -> str:
        """The tenant: host, port and base path, without the scheme."""
        return self.endpoint.partition("://")[2]


def resolve_settings(
    endpoint: str | None = None,
    token: str | Token | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Return the settings: each from its argument, else from the environment.

    Parameters
    ----------
    endpoint : str, optional
        The tenant, in any form of `normalise_endpoint`; by default ``REINFER_ENDPOINT``.
    token : str or Token, optional
        By default ``REINFER_TOKEN``.
    environ : Mapping of str to str
        The environment; a variable without a value, or blank, counts as unset.

    Returns
    -------
    Settings
        Checked, so that every request can be built from them.

    Raises
    ------
    ConfigurationError
        No token, no endpoint, or one that can't be.

    Examples
    --------
    >>> resolve_settings("mydomain.reinfer.io/api/v1", "not-a-real-token")
    Settings(endpoint='https://mydomain.reinfer.io', token=Token(***),
             endpoint_from='argument', token_from='argument')
    """
    found = _look_up(endpoint, token, environ)
    endpoint, token, environ = None, None, {}  # some tracebacks show arguments
    return found.settle()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Found:
    """What was given or is in the environment, not yet judged."""

    endpoint: str | None
    endpoint_from: str
    token: Token | None
    token_from: str

    def settle(self) -> Settings:
        """Judge what was found."""
        if self.token is None:
            raise ConfigurationError(
                "There is no API token.",
                hint=f"Set the environment variable {TOKEN_VARIABLE}, call login() or pass "
                f"token=. {_WHERE_FROM}",
            )
        self.token.check()
        if self.endpoint is None:
            raise ConfigurationError(
                "There is no endpoint.",
                hint=f"Set the environment variable {ENDPOINT_VARIABLE}, call login(endpoint=…) "
                f"or pass endpoint=. {ACCEPTED}",
            )
        return Settings(
            endpoint=normalise_endpoint(self.endpoint),
            token=self.token,
            endpoint_from=self.endpoint_from,
            token_from=self.token_from,
        )


def _look_up(endpoint: str | None, token: str | Token | None, environ: Mapping[str, str]) -> _Found:
    """Find both settings; this never fails, for its arguments hold the token in clear."""
    in_argument = "argument"
    return _Found(
        endpoint=endpoint if endpoint is not None else _variable(environ, ENDPOINT_VARIABLE),
        endpoint_from=in_argument if endpoint is not None else ENDPOINT_VARIABLE,
        token=mask(token if token is not None else _variable(environ, TOKEN_VARIABLE)),
        token_from=in_argument if token is not None else TOKEN_VARIABLE,
    )


def _variable(environ: Mapping[str, str], name: str) -> str | None:
    """Return an environment variable, or None where it is unset or blank."""
    return environ.get(name, "").strip() or None


def _hide(text: str) -> Callable[[], str]:
    return lambda: text


def _problem(text: object) -> str:
    """Return why a text is no token, in words that don't repeat it; nothing if it is one."""
    if not isinstance(text, str):
        return f"The token must be text, not {type(text).__name__}."
    text = text.strip()
    if not text:
        return "The token is empty."
    if text.lower().startswith(("http://", "https://")):
        return "The token is an address; were token and endpoint given in each other's place?"
    if text.lower().startswith(("bearer ", "authorization:")):
        return "The token has a header's words before it: leave out Authorization: and Bearer."
    for position, character in enumerate(text, start=1):
        if not "!" <= character <= "~":
            return f"The token has {_kind(character)} at position {position}."
    return ""


def _kind(character: str) -> str:
    """Name the kind of a character that no token has."""
    if character.isspace():
        return "a blank"
    return "a control character" if character.isascii() else "a non-ASCII character"
