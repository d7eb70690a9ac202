"""The sign-in box of a live notebook.

What is typed into a widget is part of its state, which notebooks may save. So the token is kept out
of it. In the page, a guard lets it go to the kernel when Enter or the button is pressed, not when
the field is left, and empties the page's state in the same moment. Where a page doesn't run the
guard, ipywidgets sends what was typed when the field is left. Here, the token is taken from the
message before it becomes state, and the page's copy is emptied before anything else is done. A
field that held a token is closed, never used again.
"""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
from traitlets import Unicode

from reinfer_pandas._signing_in.settings import Settings, Token, normalise_endpoint
from reinfer_pandas.exceptions import AuthenticationError, ReinferError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLACE = "sign-in box"
_WIDTH = {"description_width": "6em"}
_FIRST = "Copy the API token from Manage Account in Re:infer, paste it here, and press Enter."
_TAKEN = "The token is taken, and not shown. Press Enter in a field, or Sign in."
_REFUSED = (
    "This token was refused. One is active per user, and a new one ends the old one: copy the "
    "current one from Manage Account, paste it here, and press Enter."
)
_WORTHLESS_HERE = (
    "<sign-in box of reinfer_pandas: if no fields show here, set the environment variables "
    "REINFER_ENDPOINT and REINFER_TOKEN, and call login() again>"
)
_CLASS = "reinfer-sign-in"
_GUARD = f"""
const box = this.closest('.{_CLASS}');
if (box && !box.dataset.guarded) {{
  box.dataset.guarded = 'yes';
  let sends = false;
  const field = () => box.querySelector('input[type=password]');
  const change = () => field().dispatchEvent(new Event('change', {{bubbles: true}}));
  const send = () => {{ if (field()?.value) {{ sends = true; change(); }} }};
  box.addEventListener('keydown', event => {{
    if (event.key !== 'Enter') return;
    if (event.target === field()) sends = true; else send();
  }}, true);
  box.addEventListener('click', event => {{ if (event.target.closest('button')) send(); }}, true);
  box.addEventListener('input', () => {{ sends = false; }}, true);
  box.addEventListener('change', event => {{
    if (event.target === field() && !sends) event.stopPropagation();
  }}, true);
  box.addEventListener('change', event => {{
    if (event.target !== field() || !field().value) return;
    field().value = '';
    change();
    sends = false;
  }});
}}
"""
"""Runs in the page, as a picture that isn't there fails to load."""


class SecretField(ipywidgets.Password):  # type: ignore[misc] # ipywidgets is untyped
    """A password field whose value never is: it is handed on, and the page's copy emptied.

    Parameters
    ----------
    take : callable
        Gets what was typed, masked.
    **options
        Of the field, as for `ipywidgets.Password`.
    """

    # No echo: the value isn't sent to the other pages of this notebook.
    value = Unicode("").tag(sync=True, echo_update=False)

    def __init__(self, take: Callable[[Token], object], **options: Any) -> None:
        super().__init__(continuous_update=False, **options)
        self._take = take

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take the state that the page sends, without the token in it."""
        typed = Token(sync_data.pop("value")) if sync_data.get("value") else None
        sync_data.pop("value", None)
        if typed:
            self.send_state("value")  # which is empty, and so the page's copy is, too
        super().set_state(sync_data)
        if typed:
            self._take(typed)


class SignInBox:
    """Fields for endpoint and token, a button, and a status in words.

    Parameters
    ----------
    sign_in : callable
        Proves settings, and returns what to say; raises a ReinferError, which is shown.
    endpoint : str, optional
        What stands in the first field.

    Notes
    -----
    It works by keyboard alone: Tab goes from field to field, Enter in any of them submits. A token
    that was pasted and left is held, masked, until then. Callbacks may come from another thread
    than that of the cells.
    """

    def __init__(self, sign_in: Callable[[Settings], str], *, endpoint: str | None = None) -> None:
        self._sign_in = sign_in
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._entered = False
        wide = ipywidgets.Layout(width="min(40em, 98%)")
        self._endpoint = ipywidgets.Text(
            value=endpoint or "",
            placeholder="https://cloud.uipath.com/organisation/tenant/reinfer_",
            description="Endpoint",
            style=_WIDTH,
            layout=wide,
            continuous_update=False,
        )
        self._button = ipywidgets.Button(description="Sign in", button_style="primary")
        self._status = ipywidgets.HTML()
        self._guard = ipywidgets.HTML(
            f'<img src="data:," alt="" hidden onerror="{escape(_GUARD)}">',
            layout=ipywidgets.Layout(height="0", margin="0"),
        )
        self._box = _Box(layout=ipywidgets.Layout(max_width="100%"))
        self._box.add_class(_CLASS)
        self._endpoint.on_msg(self._hear_endpoint)
        self._button.on_click(lambda _: self._submit())
        self._secret = self._new_secret()
        self._offer(_FIRST)

    def show(self) -> None:
        """Display the box as the cell's output."""
        from IPython.display import display

        display(self._box)  # type: ignore[no-untyped-call] # as IPython has it

    def _new_secret(self) -> SecretField:
        secret = SecretField(
            self._take,
            description="API token",
            placeholder="not shown, not saved",
            style=_WIDTH,
            layout=self._endpoint.layout,
        )
        secret.on_msg(self._hear)
        return secret

    def _offer(self, text: str, *, is_error: bool = False) -> None:
        """Show the fields, and what to do."""
        self._say(text, is_error=is_error)
        self._box.children = (self._endpoint, self._secret, self._button, self._status, self._guard)

    def _say(self, text: str, *, is_error: bool = False) -> None:
        """Put a text into the status, where screen readers hear of it; it is no HTML."""
        role, mark = ("alert", "⚠ ") if is_error else ("status", "")
        self._status.value = (
            f'<div role="{role}" style="line-height: 1.5">{mark}{escape(text)}</div>'
        )

    def _hear_endpoint(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Hear Enter in the endpoint's field."""
        if content.get("event") == "submit":
            self._submit()

    def _hear(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Hear Enter in the token's field, which the page tells before what was typed."""
        if content.get("event") == "submit":
            self._entered = True
            if self._token:
                self._submit()

    def _take(self, token: Token) -> None:
        """Take a token, and submit it where Enter was pressed."""
        self._token = token
        if self._entered:
            self._submit()
        else:
            self._say(_TAKEN)

    def _submit(self) -> None:
        """Close the token's field, then prove the token, and tell how that went."""
        with self._lock:
            token, self._token = self._token, None
            # Two fields' messages may come in any order: the token may be on its way.
            self._entered = token is None
        if token is None:
            self._say(_FIRST, is_error=True)
            return
        self._secret.close()
        self._say("Signing in…")
        self._box.children = (self._status,)
        try:
            token.check()
            endpoint = normalise_endpoint(self._endpoint.value)
            said = self._sign_in(
                Settings(endpoint=endpoint, token=token, endpoint_from=_PLACE, token_from=_PLACE)
            )
        except ReinferError as error:
            self._secret = self._new_secret()
            is_refused = isinstance(error, AuthenticationError)
            self._offer(_REFUSED if is_refused else str(error), is_error=True)
            self._secret.focus()
        else:
            self._finish(said)

    def _finish(self, said: str) -> None:
        """Leave nothing of the box but its last word."""
        self._say(f"{said}. Run the next cell.")
        for widget in (self._endpoint, self._button, self._guard):
            widget.close()


class _Box(ipywidgets.VBox):  # type: ignore[misc] # ipywidgets is untyped
    """A box that, shown as text, tells how to do without it."""

    def __repr__(self) -> str:
        return _WORTHLESS_HERE
