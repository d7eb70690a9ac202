"""Where endpoint and token come from, and that the token stays out of sight."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.ultratb import VerboseTB

from reinfer_pandas._signing_in.endpoint import is_loopback
from reinfer_pandas._signing_in.settings import (
    Settings,
    Token,
    mask,
    normalise_endpoint,
    resolve_settings,
)
from reinfer_pandas.exceptions import ConfigurationError

CANARY = "canary-0123456789"
BASE = "https://cloud.uipath.com/acme/prod/reinfer_"


@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        (BASE, BASE),
        (f"{BASE}/", BASE),
        (f" {BASE}///\n", BASE),
        (f"{BASE}/api", BASE),
        (f"{BASE}/api/v1", BASE),
        (f"{BASE}/api/v1/", BASE),
        (f"{BASE}/api/v1/datasets/acme/claims", BASE),
        (f"{BASE}/datasets/acme/claims%20and%20more/[odd]", BASE),
        ("cloud.uipath.com/acme/prod/reinfer_", BASE),
        ("//cloud.uipath.com/acme/prod/reinfer_", BASE),
        ("HTTPS://Cloud.UiPath.COM:443/acme/prod/reinfer_", BASE),
        ("https://cloud.uipath.com.//acme//prod/reinfer_", BASE),
        ("https://staging.uipath.com/a/b/reinfer_/x", "https://staging.uipath.com/a/b/reinfer_"),
        ("https://mydomain.reinfer.io", "https://mydomain.reinfer.io"),
        ("https://mydomain.reinfer.io/some/page", "https://mydomain.reinfer.io"),
        ("mydomain.reinfer.io/api/v1", "https://mydomain.reinfer.io"),
        ("https://reinfer.io/api", "https://reinfer.io"),
        ("https://reinfer.dev", "https://reinfer.dev"),
        ("https://proxy.example/re/api/v1", "https://proxy.example/re"),
        ("https://proxy.example/re", "https://proxy.example/re"),
        ("https://proxy.example/api/api/v1/datasets", "https://proxy.example"),
        ("https://proxy.example/apis/v1", "https://proxy.example/apis/v1"),
        ("https://proxy.example/re/a/b/reinfer_/x", "https://proxy.example/re/a/b/reinfer_"),
        ("https://gateway:8443/re", "https://gateway:8443/re"),
        ("http://127.0.0.1:8080/acme/prod/reinfer_/", "http://127.0.0.1:8080/acme/prod/reinfer_"),
        ("http://127.8.9.10:80", "http://127.8.9.10"),
        ("http://localhost:8080/acme/prod/reinfer_", "http://localhost:8080/acme/prod/reinfer_"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:DB8:0:0:0:0:0:1]/re", "https://[2001:db8::1]/re"),
        ("https://bücher.example/re", "https://xn--bcher-kva.example/re"),
        ("https://192.0.2.7:8443", "https://192.0.2.7:8443"),
    ],
)
def test_every_form_of_an_endpoint_becomes_its_base(pasted: str, base: str) -> None:
    assert normalise_endpoint(pasted) == base
    assert normalise_endpoint(base) == base


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("http://cloud.uipath.com/acme/prod/reinfer_", "https"),
        ("http://127.0.0.1.example", "https"),
        ("http://127.1", "no host"),
        ("http://2130706433", "no host"),
        ("http://0.0.0.0:80", "https"),
        ("http://[::ffff:127.0.0.1]", "https"),
        ("http://localhost.example", "https"),
        ("ftp://mydomain.reinfer.io", "scheme is ftp"),
        ("https:/mydomain.reinfer.io", "two slashes"),
        ("https:mydomain.reinfer.io", "two slashes"),
        ("https://", "no host"),
        ("https:///datasets", "no host"),
        ("https://[::1", "no host"),
        ("https://[fe80::1%25eth0]/", "no host"),
        ("https://mydomain..reinfer.io", "no host"),
        ("https://-mydomain.reinfer.io", "no host"),
        (f"https://{'a' * 64}.example", "no host"),
        ("https://my%20domain.example", "no host"),
        ("https://straße.example", "two names"),
        ("https://mydomain.reinfer.io:0", "port"),
        ("https://mydomain.reinfer.io:65536", "port"),
        ("https://mydomain.reinfer.io:443:443", "port"),
        ("https://mydomain.reinfer.io:٤٤٣", "port"),
        ("https://proxy.example/a%2Fb", "percent-encoded"),
        ("https://proxy.example/a;b", "percent-encoded"),
        ("https://proxy.example/../b", "dots"),
        ("https://proxy.example/ä", "percent-encoded"),
        ("https://proxy.example/a b", "blank or control character at position 24"),
        ("https://proxy.example/\x00", "blank or control character"),
        ("https://proxy.example/\u200b", "blank or control character"),
        ("https://proxy.example\\@evil.example", "backslash"),
        ("https://cloud.uipath.com/acme/prod", f"lacks a part of its path: {BASE}."),
        ("https://cloud.uipath.com/acme/prod/orchestrator_/x", f": {BASE}."),
        ("https://cloud.uipath.com/acme/portal_/home", "lacks a part of its path."),
        ("https://cloud.uipath.com/acme/reinfer_", "lacks a part of its path."),
        ("https://cloud.uipath.com", "lacks a part of its path."),
        (f"{BASE}/datasets/acme/claims?start=secret", f"has a query; give {BASE} alone"),
        (f"{BASE}?", "has a query"),
        (f"{BASE}/datasets#secret", f"has a fragment; give {BASE} alone"),
        (None, "must be text, not NoneType"),
        (b"https://mydomain.reinfer.io", "must be text, not bytes"),
    ],
)
def test_other_endpoints_are_refused_and_the_message_says_what_is_accepted(
    pasted: object, said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        normalise_endpoint(pasted)
    assert said in str(refused.value)
    assert "Accepted is a tenant's address, such as https://cloud.uipath.com/<" in str(
        refused.value
    )
    assert "secret" not in str(refused.value)


def test_a_password_in_the_endpoint_is_refused_and_not_repeated() -> None:
    for pasted in (f"https://user:{CANARY}@proxy.example", f"https://{CANARY}@proxy.example/?x"):
        with pytest.raises(ConfigurationError, match="user name or password") as refused:
            normalise_endpoint(pasted)
        assert CANARY not in str(refused.value)


@given(st.text() | st.builds("https://{}/{}".format, st.text(max_size=20), st.text(max_size=20)))
def test_any_text_gives_a_base_that_stays_as_it_is_or_a_configuration_error(text: str) -> None:
    try:
        base = normalise_endpoint(text)
    except ConfigurationError:
        return
    assert normalise_endpoint(base) == base
    assert base.isascii()
    assert base.startswith("https://") or is_loopback(
        base[7:].split("/")[0].split(":")[0].strip("[]")
    )


def test_arguments_win_over_the_environment() -> None:
    environ = {"REINFER_TOKEN": "from-environ", "REINFER_ENDPOINT": "https://b.reinfer.io"}
    settings = resolve_settings("https://a.reinfer.io", environ=environ)
    assert (settings.endpoint, settings.endpoint_from) == ("https://a.reinfer.io", "argument")
    assert (settings.token.reveal(), settings.token_from) == ("from-environ", "REINFER_TOKEN")
    settings = resolve_settings(token=CANARY, environ=environ)
    assert (settings.endpoint, settings.endpoint_from) == (
        "https://b.reinfer.io",
        "REINFER_ENDPOINT",
    )
    assert (settings.token.reveal(), settings.token_from) == (CANARY, "argument")


def test_the_environment_is_read_when_the_settings_are_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REINFER_TOKEN", CANARY)
    monkeypatch.setenv("REINFER_ENDPOINT", BASE)
    settings = resolve_settings()
    assert settings.token.reveal() == CANARY
    assert settings.host == "cloud.uipath.com/acme/prod/reinfer_"


@pytest.mark.parametrize("unset", [{}, {"REINFER_TOKEN": "", "REINFER_ENDPOINT": " "}])
def test_without_a_token_the_error_names_all_ways_to_give_one(unset: dict) -> None:
    with pytest.raises(ConfigurationError) as refused:
        resolve_settings(environ=unset)
    for way in ("REINFER_TOKEN", "login()", "token="):
        assert way in str(refused.value)
    with pytest.raises(ConfigurationError) as refused:
        resolve_settings(token=CANARY, environ=unset)
    for way in ("REINFER_ENDPOINT", "login(endpoint=", "endpoint=", BASE[:24]):
        assert way in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\n", "empty"),
        ("canary 0123", "a blank at position 7"),
        ("canary\n0123", "a blank at position 7"),
        ("canary\x00", "a control character at position 7"),
        ("canary\x7f", "a control character at position 7"),
        ("canaryé", "a non-ASCII character at position 7"),
        ("canary\u200b", "a non-ASCII character at position 7"),
        ("canary\u00a0x", "a blank at position 7"),
        ("Bearer canary", "Bearer"),
        ("Authorization: Bearer canary", "Bearer"),
        ("https://canary.reinfer.io", "in each other's place"),
        (b"canary", "must be text, not bytes"),
        (7, "must be text, not int"),
    ],
)
def test_a_text_that_is_no_token_is_refused_without_being_printed(text: object, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        resolve_settings(BASE, text, environ={})
    assert said in str(refused.value)
    assert "canary" not in str(refused.value)
    with pytest.raises(ConfigurationError):
        Token(text).reveal()


def test_blanks_pasted_around_a_token_do_not_count() -> None:
    assert Token(f"  {CANARY}\r\n").reveal() == CANARY


def test_a_token_shows_itself_nowhere() -> None:
    token = Token(CANARY)
    settings = Settings(endpoint=BASE, token=token)
    slots = [getattr(token, name) for name in Token.__slots__]
    shown = [repr(token), str(token), f"{token}", f"{token!r}", repr(settings), repr(dir(token))]
    shown += [repr(slots), str(hash(token)), repr(copy.copy(token)), repr(copy.deepcopy(settings))]
    assert CANARY not in "".join(shown)
    for peep in (vars, json.dumps, "{:>20}".format):
        with pytest.raises(TypeError) as refused:
            peep(token)
        assert CANARY not in str(refused.value)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_token_is_not_pickled(protocol: int) -> None:
    for holder in (Token(CANARY), Settings(endpoint=BASE, token=Token(CANARY))):
        with pytest.raises(TypeError, match="REINFER_TOKEN"):
            pickle.dumps(holder, protocol)


def test_a_copied_token_is_the_token() -> None:
    token = Token(CANARY)
    assert copy.copy(token) is copy.deepcopy(token) is mask(token) is token
    assert mask(None) is None
    assert copy.deepcopy(Settings(endpoint=BASE, token=token)).token.reveal() == CANARY


def test_tokens_are_equal_to_themselves_only() -> None:
    assert Token(CANARY) != Token(CANARY)
    assert Token(CANARY) != CANARY


def test_a_token_is_blotted_out_of_a_text() -> None:
    assert Token(CANARY).redact(f"you sent {CANARY}!") == "you sent ***!"
    assert Token("").redact("you sent nothing") == "you sent nothing"


@pytest.mark.parametrize(
    ("endpoint", "token", "environ"),
    [
        ("https://no host", CANARY, {}),
        ("https://no host", None, {"REINFER_TOKEN": CANARY}),
        (None, CANARY, {}),
        (None, None, {"REINFER_TOKEN": CANARY}),
        (BASE, f"{CANARY} {CANARY}", {}),
        (BASE, None, {"REINFER_TOKEN": f"{CANARY}\x00"}),
        (BASE, None, {"OTHER_SECRET": CANARY}),
        (CANARY, BASE, {}),
    ],
)
def test_tracebacks_that_show_variables_do_not_show_the_token(
    endpoint: str | None, token: str | None, environ: dict
) -> None:
    arguments = [endpoint, token, environ]
    with pytest.raises(ConfigurationError) as refused:
        resolve_settings(arguments.pop(0), arguments.pop(0), environ=arguments.pop())
    error, trace = refused.value, refused.tb.tb_next  # below this test's own frame
    plain = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    assert CANARY not in "".join(plain.format())
    assert CANARY not in VerboseTB().text(type(error), error, trace)
