"""Where somebody can be asked for a token, and how at a terminal."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any, Literal

from reinfer_pandas._signing_in.settings import (
    ENDPOINT_VARIABLE,
    TOKEN_VARIABLE,
    Settings,
    Token,
    normalise_endpoint,
)
from reinfer_pandas.exceptions import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 3
_PLACE = "prompt"


def who_can_be_asked() -> Literal["notebook", "terminal", "nobody"]:
    """Tell whether somebody sits before a notebook, or a terminal, and can type.

    A notebook that is executed without a page, as by nbconvert or papermill, takes no input.
    """
    kernel = _kernel()
    if kernel is not None:
        asked = kernel.get_parent("shell").get("content", {}).get("allow_stdin", False)
        return "notebook" if asked else "nobody"
    return "terminal" if sys.stdin is not None and sys.stdin.isatty() else "nobody"


def _kernel() -> Any:
    """Return the kernel of the notebook that this process serves; None outside one."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None)


def nobody_to_ask() -> ConfigurationError:
    """Return the error for where there is no token, and nobody who could type one."""
    return ConfigurationError(
        "There is no API token, and nobody here to ask for it.",
        hint=f"Set the environment variables {ENDPOINT_VARIABLE} and {TOKEN_VARIABLE}, or pass "
        "endpoint= and token=. Copy the API token from Manage Account in Re:infer.",
    )


def ask_at_terminal(
    sign_in: Callable[[Settings], str],
    *,
    endpoint: str | None,
    ask: Callable[[str], str] = input,
    ask_hidden: Callable[[str], str] = getpass.getpass,
    say: Callable[[str], object] = print,
) -> None:
    """Ask for endpoint and token until they are accepted, three times at most.

    Parameters
    ----------
    sign_in : callable
        Proves settings, and returns what to say; raises what is wrong with them.
    endpoint : str, optional
        The tenant, where it is known.
    ask, ask_hidden : callable
        Take a prompt, and return what was typed; the second without showing it.
    say : callable
        Gets each line.

    Raises
    ------
    AuthenticationError, ConfigurationError
        The last of the refusals.
    """
    for left in reversed(range(TRIES)):
        try:
            base = normalise_endpoint(endpoint or ask("Endpoint: "))
            say(f"The API token of {base} is in Manage Account; it isn't shown as you type.")
            token = Token(ask_hidden("API token: "))
            token.check()
            found = Settings(endpoint=base, token=token, endpoint_from=_PLACE, token_from=_PLACE)
            say(sign_in(found))
        except (AuthenticationError, ConfigurationError) as error:
            if not left:
                raise
            say(f"{error} Try again.")
        else:
            return
