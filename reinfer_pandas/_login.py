"""Signing in for this process: where the settings come from, proved by one cheap call."""

from __future__ import annotations

import pandas as pd

from reinfer_pandas.client import Client, default_client, set_default_client
from reinfer_pandas.exceptions import ConfigurationError


def login(token: str | None = None, endpoint: str | None = None) -> None:
    """Sign in: `read_reinfer` uses this connection from now on.

    The token is proved by one cheap call, ``auth/user``, and shown nowhere.

    Parameters
    ----------
    token : str, optional
        API token; by default ``REINFER_TOKEN``.
    endpoint : str, optional
        The tenant; by default ``REINFER_ENDPOINT``.

    Raises
    ------
    ConfigurationError
        There is no token or no endpoint.
    AuthenticationError
        The platform refused the token.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> rp.login(token="not-a-real-token", endpoint="http://example.com")
    Traceback (most recent call last):
    ...
    reinfer_pandas.exceptions.ConfigurationError: ...
    """
    client = Client(endpoint, token)
    user = client.read("auth/user", columns=["email"])
    set_default_client(client)
    print(f"Signed in to {client.settings.host} as {user['email'].iloc[0]}")


def show_config() -> pd.DataFrame:
    """Return each setting and where it came from; of the token, only that it is there.

    Returns
    -------
    DataFrame, shape (2, 3)
        Columns ``setting``, ``value``, ``from``.
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
