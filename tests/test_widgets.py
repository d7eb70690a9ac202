"""The sign-in box, as a page talks to it, without one."""

from __future__ import annotations

import gc
import json

import ipywidgets
import pytest

import reinfer_pandas as rp
from reinfer_pandas._signing_in.settings import Settings
from reinfer_pandas.widgets import SecretField, SignInBox

CANARY = "canary-box-91c2"
ENDPOINT = "https://acme.reinfer.io"


class Desk:
    """Whoever proves the settings: refuses what it is told to."""

    def __init__(self, *refusals: rp.ReinferError) -> None:
        self.refusals = list(refusals)
        self.seen: list[Settings] = []

    def __call__(self, settings: Settings) -> str:
        self.seen.append(settings)
        if self.refusals:
            raise self.refusals.pop(0)
        return "Signed in to <acme> as ada@acme.example"


def box_for(desk: Desk, endpoint: str | None = ENDPOINT) -> SignInBox:
    return SignInBox(desk, endpoint=endpoint)


def field(box: SignInBox) -> SecretField:
    return next(each for each in box._box.children if isinstance(each, SecretField))


def type_in(box: SignInBox, text: str) -> None:
    """Send what a page sends when the field is left."""
    field(box).set_state({"value": text})


def press_enter(box: SignInBox) -> None:
    """Send what a page sends for Enter, which is told before the text."""
    field(box)._handle_custom_msg({"event": "submit"}, [])


def status(box: SignInBox) -> str:
    return box._status.value


def all_state() -> str:
    """Return the state of every widget there is, as a notebook would save it."""
    gc.collect()
    widgets = [each for each in gc.get_objects() if isinstance(each, ipywidgets.Widget)]
    return json.dumps([each.get_state() for each in widgets], default=str) + repr(
        [vars(each) for each in widgets]
    )


def test_enter_submits_what_was_typed() -> None:
    desk = Desk()
    box = box_for(desk)
    press_enter(box)
    type_in(box, f" {CANARY} ")
    (settings,) = desk.seen
    assert settings.token.reveal() == CANARY
    assert (settings.endpoint, settings.token_from) == (ENDPOINT, "sign-in box")
    assert "Signed in to &lt;acme&gt; as ada@acme.example" in status(box)
    assert box._box.children == (box._status,)


def test_the_token_is_in_no_state_at_any_time() -> None:
    box = box_for(Desk(rp.AuthenticationError("no", status_code=401)))
    seen: list[object] = []
    field(box).observe(seen.append)
    type_in(box, CANARY)
    assert CANARY not in all_state() + repr(seen)
    first = field(box)
    box._button.click()
    assert first.comm is None
    assert field(box) is not first
    assert CANARY not in all_state() + repr(seen)


def test_the_token_is_not_echoed_to_other_pages() -> None:
    assert field(box_for(Desk())).trait_metadata("value", "echo_update") is False
    assert field(box_for(Desk())).continuous_update is False


def test_a_token_that_is_left_is_held_until_submitted() -> None:
    desk = Desk()
    box = box_for(desk)
    type_in(box, CANARY)
    assert not desk.seen
    assert "Press Enter" in status(box)
    box._button.click()
    assert len(desk.seen) == 1


def test_enter_in_the_endpoints_field_submits_too() -> None:
    desk = Desk()
    box = box_for(desk)
    type_in(box, CANARY)
    box._endpoint._handle_custom_msg({"event": "submit"}, [])
    assert len(desk.seen) == 1


def test_a_token_that_comes_after_the_buttons_message_is_submitted() -> None:
    desk = Desk()
    box = box_for(desk)
    box._button.click()
    assert 'role="alert"' in status(box)
    type_in(box, CANARY)
    assert len(desk.seen) == 1
    assert "Signed in" in status(box)


def test_a_refused_token_can_be_tried_again() -> None:
    desk = Desk(rp.AuthenticationError("no", status_code=401), rp.NetworkError("<no way>"))
    box = box_for(desk)
    for words in ("refused", "&lt;no way&gt;"):
        press_enter(box)
        type_in(box, "wrong")
        assert words in status(box)
        assert 'role="alert"' in status(box)
    press_enter(box)
    type_in(box, CANARY)
    assert "Signed in" in status(box)
    assert [each.token.reveal() for each in desk.seen] == ["wrong", "wrong", CANARY]


@pytest.mark.parametrize(
    ("endpoint", "token", "words"),
    [
        ("", CANARY, "endpoint is empty"),
        ("http://example.com", CANARY, "https only"),
        (ENDPOINT, f"{CANARY} x", "a blank"),
        (ENDPOINT, "", "Copy the API token"),
    ],
)
def test_what_cannot_be_sent_is_said_before_any_call(endpoint: str, token: str, words: str) -> None:
    desk = Desk()
    box = box_for(desk, endpoint)
    type_in(box, token)
    box._button.click()
    assert words in status(box)
    assert CANARY not in status(box)
    assert not desk.seen


def test_the_fields_have_labels_and_the_box_has_words_for_pages_without_widgets() -> None:
    box = box_for(Desk())
    labels = [each.description for each in box._box.children[:3]]
    assert labels == ["Endpoint", "API token", "Sign in"]
    assert "REINFER_TOKEN" in repr(box._box)
