"""The system's keyring: one tenant's token, where ``login(remember=True)`` put it."""

from __future__ import annotations

from importlib.util import find_spec

from reinfer_pandas._signing_in.settings import Settings, Token
from reinfer_pandas.exceptions import ConfigurationError

SERVICE = "reinfer_pandas"
_ENDPOINT = "endpoint"
"""The entry that names the tenant; the token's entry is named after the tenant."""


def check_keyring() -> None:
    """Refuse to remember anything where there is no keyring.

    Raises
    ------
    ConfigurationError
        The optional package ``keyring`` isn't installed.
    """
    if find_spec("keyring") is None:
        raise ConfigurationError(
            "remember=True needs the package keyring, which isn't installed.",
            hint="Install it (pip install keyring), or set the variables REINFER_ENDPOINT and "
            "REINFER_TOKEN for good.",
        )


def recall() -> Settings | None:
    """Return what was remembered; None where nothing was, or the keyring is shut."""
    if find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        endpoint = keyring.get_password(SERVICE, _ENDPOINT)
        found = keyring.get_password(SERVICE, endpoint) if endpoint else None
    except KeyringError:
        return None
    if not endpoint or not found:
        return None
    where = "keyring"
    return Settings(endpoint=endpoint, token=Token(found), endpoint_from=where, token_from=where)


def store(settings: Settings) -> None:
    """Remember a tenant and its token, in place of what was remembered before.

    Raises
    ------
    ConfigurationError
        There is no keyring, or it is shut.
    """
    check_keyring()
    import keyring
    from keyring.errors import KeyringError

    forget()
    try:
        keyring.set_password(SERVICE, settings.endpoint, settings.token.reveal())
        keyring.set_password(SERVICE, _ENDPOINT, settings.endpoint)
    except KeyringError as error:
        reason = str(error) or type(error).__name__
    else:
        return
    raise ConfigurationError(
        f"You are signed in, but the system's keyring remembers nothing: {reason}."
    )


def forget() -> None:
    """Forget what was remembered, if anything."""
    if find_spec("keyring") is None:
        return
    import keyring
    from keyring.errors import KeyringError

    for name in (recalled.endpoint if (recalled := recall()) else "", _ENDPOINT):
        try:
            if name:
                keyring.delete_password(SERVICE, name)
        except KeyringError:
            continue
