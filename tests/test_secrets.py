"""The token is in the requests, and nowhere else."""

from __future__ import annotations

import http.client
import pickle
import signal
import threading
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hostile import (
    RESET,
    HostileServer,
    answer,
    free_port,
    head,
    pause,
)
from IPython.core.ultratb import VerboseTB
from sending import CANARY, READ, hide_proxies, send_to, transport_to

from reinfer_pandas._sending.transport import Transport
from reinfer_pandas._signing_in.settings import Token, resolve_settings
from reinfer_pandas.exceptions import ConfigurationError, NetworkError, ReinferError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = head("Content-Length: 100")
CHUNKED = head("Transfer-Encoding: chunked")
GZIP = "Content-Encoding: gzip"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_proxies(monkeypatch)


def shown(error: BaseException) -> Iterator[str]:
    """Show an error in every way in which a notebook could, below the test's own frame."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    yield repr(error)
    yield str(error)
    plain = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    yield "".join(plain.format())
    yield VerboseTB().text(type(error), error, trace)
    yield repr(vars(error))
    waiting: list[BaseException | None] = [error]
    while waiting:
        if current := waiting.pop():
            waiting += [current.__cause__, current.__context__]
            yield repr((current, current.args, vars(current)))
            for frame, _ in traceback.walk_tb(
                current.__traceback__ if current is not error else trace
            ):
                yield repr(frame.f_locals)
                for value in frame.f_locals.values():
                    yield repr(getattr(value, "__dict__", ""))


ECHO = f"Authorization: Bearer {CANARY}\r\n\r\n".encode()


@pytest.mark.parametrize(
    "script",
    [
        [RESET],
        [ECHO],
        [LONG, ECHO],
        [LONG, ECHO, pause(0.02), RESET],
        [CHUNKED, b"5\r\n" + ECHO],
        [CHUNKED, ECHO],
        [answer(b"\x1f\x8b" + ECHO, GZIP)],
        [answer(ECHO, "Content-Encoding: br")],
        [head("Location: //evil.example", status="302 Found")],
        [pause(1)],
        [LONG, ECHO, pause(1)],
    ],
)
def test_no_failure_shows_the_token(script: list) -> None:
    with HostileServer(script) as server:
        transport = transport_to(server, timeout_s=(1.0, 0.1))
        with pytest.raises(ReinferError) as failed:
            transport.send(READ)
        transport.close()
        assert CANARY not in "".join(shown(failed.value))
        assert CANARY.encode() not in pickle.dumps(failed.value)
        assert ECHO.strip() not in b"".join(map(str.encode, shown(failed.value)))


def test_no_failure_to_connect_shows_the_token() -> None:
    for url in (f"http://127.0.0.1:{free_port()}", "https://nowhere.invalid"):
        transport = transport_to(url)
        with pytest.raises(NetworkError) as failed:
            transport.send(READ)
        assert CANARY not in "".join(shown(failed.value))
        cause = failed.value.__cause__
        assert isinstance(cause, OSError)
        assert cause.__traceback__ is cause.__context__ is None


def test_an_interruption_shows_no_token_and_comes_at_once() -> None:
    with HostileServer([LONG, b"half", pause(30)]) as server:
        transport = transport_to(server)
        main = threading.main_thread().ident
        timer = threading.Timer(0.15, signal.pthread_kill, [main, signal.SIGINT])
        timer.start()
        begun_s = time.perf_counter()
        with pytest.raises(KeyboardInterrupt) as interrupted:
            transport.send(READ)
        assert time.perf_counter() - begun_s < 8
        timer.join()
        transport.close()
    assert CANARY not in "".join(shown(interrupted.value))
    names = [frame.f_code.co_name for frame, _ in traceback.walk_tb(interrupted.tb)]
    assert names[1:] == ["send"]


def test_an_error_that_the_caller_is_handling_stays_whole_and_is_not_the_reason() -> None:
    def send_while_handling_an_error(transport: Transport) -> None:
        try:
            raise TimeoutError
        except TimeoutError:
            transport.send(READ)

    with HostileServer([LONG, b"half"]) as server:
        transport = transport_to(server)
        with pytest.raises(NetworkError) as failed:
            send_while_handling_an_error(transport)
        transport.close()
    assert failed.value.reason == "cut off"
    context = failed.value.__context__
    assert isinstance(context, TimeoutError)
    assert context.__traceback__ is not None


def test_neither_transport_nor_response_shows_the_token() -> None:
    with HostileServer([answer()]) as server:
        transport = transport_to(server)
        response = transport.send(READ)
        held = [transport, response, READ, *vars(transport).values()]
        for session in transport._sessions.values():
            held += [session, *vars(session).values(), vars(session.auth)]
        assert CANARY not in "".join(f"{thing!r}{thing!s}" for thing in held)
        for secret in (transport, *transport._sessions.values()):
            with pytest.raises(TypeError, match="pickle"):
                pickle.dumps(secret)
        transport.close()


def test_wire_dumps_of_the_standard_library_do_not_show_the_token(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    before = http.client.HTTPConnection.debuglevel
    http.client.HTTPConnection.debuglevel = 1
    try:
        send_to([answer()])
    finally:
        http.client.HTTPConnection.debuglevel = before
    assert "/api/v1/datasets" in caplog.text
    assert CANARY not in caplog.text + "".join(capsys.readouterr())


def test_a_token_that_no_header_holds_is_refused_before_any_request() -> None:
    settings = replace(
        resolve_settings("https://a.reinfer.io", CANARY), token=Token(f"{CANARY}\n x")
    )
    with pytest.raises(ConfigurationError) as refused:
        Transport(settings)
    assert CANARY not in str(refused.value)
