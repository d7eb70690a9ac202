"""A token of its own kind through whatever shows, keeps or writes anything: it is nowhere."""

from __future__ import annotations

import copy
import logging
import pickle
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.ultratb import VerboseTB

import reinfer_pandas as rp
from reinfer_pandas.__main__ import main
from reinfer_pandas.sandbox import Fault, Latency, Server

CANARY = "canary-b2f9a7c4e1-canary"
INBOX = "sources/acme/inbox/comments"
ECHO = f"you sent Bearer {CANARY} <script>alert(1)</script>"
ONCE = rp.RetryPolicy(attempts=1)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Server]:
    with Server(comments=60, latency=Latency(0), token=CANARY) as running:
        yield running


@pytest.fixture
def server(tenant: Server) -> Iterator[Server]:
    yield tenant
    tenant.clear_faults()


@pytest.fixture
def client(server: Server) -> Iterator[rp.Client]:
    with rp.Client(server.endpoint, server.token, retry=ONCE) as connected:
        yield connected


def failed(server: Server, client: rp.Client) -> rp.ReinferError:
    """Return an error of a read, whose server says the token back."""
    server.inject(Fault("status", status=403, message=ECHO, after=1, path="comments$"))
    with pytest.raises(rp.PermissionDeniedError) as found:
        client.read(INBOX, page_size=10, workers=1)
    return found.value


def of_objects(server: Server, client: rp.Client, _: Path) -> Iterator[object]:
    held = [client, client.settings, client.settings.token, client._transport, client._pipeline]
    for one in held:
        yield from (repr(one), str(one), f"{one}")
    yield from (vars(client), pickle.dumps(client), client._repr_html_(), rp.show_config())


def of_frames(server: Server, client: rp.Client, _: Path) -> Iterator[object]:
    df = client.read(INBOX, timing="row")
    yield from (df.attrs, repr(df), df.to_csv(), df.reinfer.requests().to_csv())
    yield from (pickle.dumps(df), df.reinfer._repr_html_(), client.requests().to_csv())


def of_errors(server: Server, client: rp.Client, _: Path) -> Iterator[object]:
    error = failed(server, client)
    yield from (repr(error), str(error), error.message, error.log, error.partial.attrs)
    yield from (pickle.dumps(error), copy.copy(error), vars(copy.copy(error)))
    trace = error.__traceback__.tb_next.tb_next  # below this file, whose own constants hold it
    plain = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    yield from ("".join(plain.format()), VerboseTB().text(type(error), error, trace))


def of_html_pages(server: Server, client: rp.Client, _: Path) -> Iterator[object]:
    server.inject(Fault("status", status=502, message=ECHO), Fault("html", message=ECHO))
    for _ in range(2):
        with pytest.raises(rp.ServerError) as found:
            client.read("datasets")
        yield from (str(found.value), repr(found.value), vars(found.value))


def of_files(server: Server, client: rp.Client, folder: Path) -> Iterator[object]:
    rp.export_reinfer(INBOX, folder / "out", client=client)
    client.read(INBOX).to_parquet(folder / "one.parquet")
    client.download_attachments(client.read(INBOX), folder / "attachments")
    yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())


SINKS = (of_objects, of_frames, of_errors, of_html_pages, of_files)


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.__name__.removeprefix("of_"))
def test_the_token_is_in_nothing(
    sink: Callable[..., Iterator[object]], server, client, tmp_path, caplog, capsys
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [one if isinstance(one, bytes) else str(one) for one in sink(server, client, tmp_path)]
    assert len(shown) > 3
    for one in [*shown, caplog.text, *capsys.readouterr()]:
        assert CANARY not in (one.decode("latin-1") if isinstance(one, bytes) else one)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_the_command_line_shows_no_token_and_writes_for_its_owner_alone(
    suffix, server, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("REINFER_ENDPOINT", server.endpoint)
    monkeypatch.setenv("REINFER_TOKEN", CANARY)
    path = tmp_path / f"comments{suffix}"
    assert main(["read", INBOX, "--to", str(path)]) in (None, 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert CANARY.encode() not in path.read_bytes()
    server.inject(Fault("status", status=401, message=ECHO))
    assert main(["read", INBOX, "--to", str(path)])
    assert CANARY not in "".join(capsys.readouterr())


def test_an_error_that_nobody_catches_shows_no_token(server) -> None:
    server.inject(Fault("status", status=401, message=ECHO))
    code = "import reinfer_pandas as rp; rp.read_reinfer('datasets')"
    environment = {"REINFER_ENDPOINT": server.endpoint, "REINFER_TOKEN": CANARY}
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "AuthenticationError" in said.stderr
    assert CANARY not in said.stdout + said.stderr
