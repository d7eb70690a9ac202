"""One request through a transport to a hostile server, and what came of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hostile import HostileServer

from reinfer_pandas._sending.silence import Silence
from reinfer_pandas._sending.transport import Transport
from reinfer_pandas._signing_in.settings import resolve_settings
from reinfer_pandas._wire import Request, Response
from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    import pytest

CANARY = "canary-0123456789"
READ = Request(method="GET", path="/api/v1/datasets", timeout_s=5.0)


def hide_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the proxies and certificates of whoever runs the tests."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)


def transport_to(server: HostileServer | str, **options: object) -> Transport:
    url = server if isinstance(server, str) else server.url
    return Transport(resolve_settings(url, CANARY), **{"timeout_s": (2.0, 2.0), **options})


def send_to(
    *scripts: list,
    request: Request = READ,
    tls: bool = False,
    silence: Silence | None = None,
    **options: object,
) -> tuple[Response | ReinferError, HostileServer]:
    """Send a request to a server that plays these scripts; return what came of it."""
    with HostileServer(*scripts, tls=tls) as server:
        transport = transport_to(server, **options)
        try:
            return transport.send(request, silence=silence), server
        except ReinferError as error:
            return error, server
        finally:
            transport.close()


def outcome(result: Response | ReinferError) -> str:
    attempts = result.attempts if isinstance(result, Response) else result.log
    assert len(attempts) == 1
    if isinstance(result, ReinferError):
        assert attempts[0].outcome == result.reason
    return attempts[0].outcome
