"""Signing in for this process: where the settings come from, proved by one cheap call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

import pandas as pd

from reinfer_pandas._sending.retry import RetryPolicy
from reinfer_pandas._signing_in.asking import ask_at_terminal, nobody_to_ask, who_can_be_asked
from reinfer_pandas._signing_in.keyring import check_keyring, forget, store
from reinfer_pandas._signing_in.places import find_settings, wanted_endpoint
from reinfer_pandas._signing_in.settings import mask
from reinfer_pandas.client import Client
from reinfer_pandas.exceptions import AuthenticationError, ConfigurationError
from reinfer_pandas.reader import default_client, set_default_client, signed_in

if TYPE_CHECKING:
    from reinfer_pandas._signing_in.settings import Settings

IMPATIENT = RetryPolicy(attempts=3, base_s=0.5, cap_s=2.0, deadline_s=20.0)
"""For the proof: somebody is waiting."""

TYPED = ("sign-in box", "prompt", "keyring")
"""The places whose token somebody typed in here: refused, it is asked for again."""


def login(
    token: str | None = None,
    endpoint: str | None = None,
    *,
    context: str | None = None,
    remember: bool = False,
) -> None:
    """Sign in: `read_reinfer` uses this connection from now on.

    The first of these that has a token is taken, and `show_config` tells which it was:

    1. the arguments: ``token`` and ``endpoint``, or ``context``;
    2. the environment: ``REINFER_TOKEN`` and ``REINFER_ENDPOINT``;
    3. the current context of the official command line, ``re``;
    4. in Colab, the user data of the same names;
    5. the system's keyring, where ``login(remember=True)`` put it there;
    6. whoever is there: a box in a notebook, a hidden prompt at a terminal.

    A token goes to its own tenant only: with an ``endpoint``, the places after the environment
    count where theirs is the same. It is proved by one cheap call, ``auth/user``, and shown
    nowhere. The box doesn't hold up its cell: once signed in, run the next one.

    Parameters
    ----------
    token : str, optional
        API token. Better not in a notebook: what is typed into a cell is saved with it.
    endpoint : str, optional
        The tenant, in any form that `Client` takes.
    context : str, optional
        Name of a context of the command line. Its file is only read.
    remember : bool
        Whether to put endpoint and token into the system's keyring, for later sessions. Needs
        the package ``keyring``.

    Raises
    ------
    ConfigurationError
        There is no token and nobody to ask, no endpoint, no such context, no keyring.
    AuthenticationError
        The platform refused the token. The box and the prompt say so, and ask again.
    NetworkError
        The platform can't be reached.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> rp.login(token="not-a-real-token", endpoint="http://example.com")
    Traceback (most recent call last):
    ...
    reinfer_pandas.exceptions.ConfigurationError: ...
    """
    masked, token = mask(token), None  # some tracebacks show arguments
    if remember:
        check_keyring()
    found = find_settings(endpoint, masked, context=context) or _current(endpoint)
    if found is not None:
        try:
            print(_sign_in(found, remember=remember))
        except AuthenticationError as error:
            if found.token_from not in TYPED or who_can_be_asked() == "nobody":
                raise
            print(error)
        else:
            return
    _ask(wanted_endpoint(endpoint), remember=remember)


def connect(*, context: str | None = None) -> Client:
    """Return a client of the first place that has a token; nobody is asked.

    Raises
    ------
    ConfigurationError
        No place has one, or it can't be used.
    """
    found = find_settings(context=context)
    if found is None:
        raise nobody_to_ask()
    return Client._of(found)


def _current(endpoint: str | None) -> Settings | None:
    """Return what was typed in earlier: whoever runs all cells again isn't asked again."""
    client = signed_in()
    if not isinstance(client, Client) or client.settings.token_from not in TYPED:
        return None
    is_wanted = wanted_endpoint(endpoint) in {None, client.settings.endpoint}
    return client.settings if is_wanted else None


def logout() -> None:
    """Forget the connection of `login`, and what the keyring remembers.

    Environment, contexts and Colab's user data are not ours, and stay.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> rp.logout()
    """
    client = signed_in()
    if isinstance(client, Client):
        client.close()
    set_default_client(None)
    forget()


def show_config() -> pd.DataFrame:
    """Return each setting and where it came from; of the token, only that it is there.

    Returns
    -------
    DataFrame, shape (2, 3)
        Columns ``setting``, ``value``, ``from``; a row more tells what is missing.
    """
    try:
        settings = default_client().settings
    except ConfigurationError as error:
        rows = [("endpoint", "", ""), ("token", "", ""), ("problem", str(error), "")]
    else:
        rows = [
            ("endpoint", settings.endpoint, settings.endpoint_from),
            ("token", str(settings.token), settings.token_from),
        ]
    return pd.DataFrame(rows, columns=["setting", "value", "from"], dtype="str")


def _sign_in(settings: Settings, *, remember: bool) -> str:
    """Prove the settings, use them from now on, and return what to say."""
    proof = Client(settings.endpoint, settings.token, retry=IMPATIENT, timeout=(10.0, 15.0))
    with proof:
        user = proof.read("auth/user", columns=["email"])
    set_default_client(Client._of(settings))
    if remember:
        store(settings)
    return f"Signed in to {_tenant(settings)} as {user['email'].iloc[0]}"


def _tenant(settings: Settings) -> str:
    """Name a tenant as its users do: ``acme/production on cloud.uipath.com``."""
    host, _, path = settings.host.partition("/")
    where = "this machine" if settings.endpoint.startswith("http:") else host
    name = path.removesuffix("/reinfer_")
    return f"{name} on {where}" if name else where


def _ask(endpoint: str | None, *, remember: bool) -> None:
    """Ask whoever is there for a token."""

    def sign_in(settings: Settings) -> str:
        return _sign_in(settings, remember=remember)

    who = who_can_be_asked()
    if who == "terminal":
        ask_at_terminal(sign_in, endpoint=endpoint)
    elif who == "notebook":
        from reinfer_pandas.widgets import SignInBox

        if signed_in() is None:
            set_default_client(cast("Client", _Unanswered()))
        SignInBox(sign_in, endpoint=endpoint).show()
    else:
        raise nobody_to_ask()


class _Unanswered:
    """Stands in for the client while a box waits for a token."""

    def __getattr__(self, name: str) -> NoReturn:
        raise ConfigurationError(
            "You aren't signed in yet.",
            hint="Paste your API token into the sign-in box above, press Enter, and run this "
            "cell again.",
        )
