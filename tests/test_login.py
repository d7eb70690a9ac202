"""Signing in: in which order, proved how, said where, and no token in sight."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import keyring
import pandas as pd
import pytest
from IPython.core.ultratb import VerboseTB
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordDeleteError

import reinfer_pandas as rp
from reinfer_pandas._signing_in.asking import ask_at_terminal
from reinfer_pandas._signing_in.contexts import contexts_file, find_context
from reinfer_pandas._signing_in.places import find_settings
from reinfer_pandas._signing_in.settings import Settings, Token
from reinfer_pandas.reader import default_client, signed_in
from reinfer_pandas.sandbox import Latency, Server

CANARY = "canary-login-7f3a"
ELSEWHERE = "https://elsewhere.reinfer.io"


class Memory(KeyringBackend):
    """A keyring of this process."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError(username)
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def ring() -> Iterator[Memory]:
    before = keyring.get_keyring()
    memory = Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have an empty configuration folder, and be signed out, before and after."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    rp.logout()
    yield tmp_path
    rp.logout()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=50, token=CANARY, latency=Latency(0)) as running:
        yield running


def write_contexts(folder: Path, *contexts: dict, **facts: object) -> Path:
    path = folder / "reinfer" / "contexts.json"
    path.parent.mkdir(exist_ok=True)
    plain = {"accept_invalid_certificates": False, "proxy": None, "token": None}
    path.write_text(
        json.dumps({"contexts": [{**plain, **context} for context in contexts], **facts})
    )
    return path


def where() -> list[str]:
    return rp.show_config()["from"].tolist()


def test_arguments_come_first(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REINFER_TOKEN", "not-this-one")
    monkeypatch.setenv("REINFER_ENDPOINT", ELSEWHERE)
    assert rp.login(CANARY, server.endpoint) is None
    assert where() == ["argument", "argument"]
    said = capsys.readouterr().out
    assert said == "Signed in to acme/production on this machine as alice@acme.example\n"


def test_the_environment_comes_before_the_contexts(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"name": "one", "endpoint": server.endpoint, "token": "not-this-one"}
    write_contexts(folder, one, current_context="one")
    monkeypatch.setenv("REINFER_TOKEN", CANARY)
    monkeypatch.setenv("REINFER_ENDPOINT", server.endpoint)
    rp.login()
    assert where() == ["REINFER_ENDPOINT", "REINFER_TOKEN"]


def test_the_current_context_comes_before_the_keyring(
    server: Server, folder: Path, ring: Memory
) -> None:
    rp.login(CANARY, server.endpoint, remember=True)
    one = {"name": "one", "endpoint": f"{server.endpoint}/", "token": CANARY}
    write_contexts(folder, one, current_context="one")
    rp.login()
    assert where() == ["context one of re"] * 2
    assert rp.read_reinfer("datasets").shape[0] > 1


def test_a_context_is_taken_by_name_over_the_environment(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REINFER_TOKEN", "not-this-one")
    monkeypatch.setenv("REINFER_ENDPOINT", ELSEWHERE)
    first = {"name": "staging", "endpoint": ELSEWHERE, "token": "not-this-one"}
    second = {"name": "production", "endpoint": server.endpoint, "token": CANARY}
    path = write_contexts(folder, first, second, current_context="staging")
    before = path.read_bytes()
    rp.login(context="production")
    assert where() == ["context production of re"] * 2
    assert path.read_bytes() == before


def test_a_missing_context_names_those_there_are(folder: Path) -> None:
    write_contexts(folder, {"name": "staging", "endpoint": ELSEWHERE, "token": CANARY})
    with pytest.raises(rp.ConfigurationError, match="staging") as failed:
        rp.login(context="production")
    assert CANARY not in VerboseTB().text(type(failed.value), failed.value, failed.tb)


def test_a_context_without_a_token_says_so(folder: Path) -> None:
    write_contexts(folder, {"name": "staging", "endpoint": ELSEWHERE})
    with pytest.raises(rp.ConfigurationError, match="has no token"):
        rp.login(context="staging")


def test_context_and_token_are_not_taken_together() -> None:
    with pytest.raises(rp.ConfigurationError, match="not both"):
        rp.login("token", context="staging")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"contexts": [{{"name": "one", "token": "{CANARY}", ',
        f'{{"contexts": [{{"name": 1, "endpoint": "{ELSEWHERE}", "token": "{CANARY}"}}]}}',
        f'["{CANARY}"]',
        f'{{"current_context": "{CANARY}"}}',
        f'{{"contexts": [{{"name": "one", "endpoint": "ftp://x", "token": "{CANARY}"}}], '
        '"current_context": "one"}',
        f'{{"contexts": [{{"name": "one", "endpoint": "{ELSEWHERE}", "token": "{CANARY} é"}}], '
        '"current_context": "one"}',
    ],
)
def test_broken_contexts_are_a_clear_warning(folder: Path, text: str) -> None:
    path = write_contexts(folder)
    path.write_text(text)
    with pytest.warns(UserWarning, match="left out") as warned:
        assert find_settings() is None
    assert CANARY not in str(warned[0].message)
    if "current_context" not in text:
        assert str(path) in str(warned[0].message)


def test_a_broken_file_is_an_error_that_shows_no_token_where_a_context_is_named(
    folder: Path,
) -> None:
    write_contexts(folder).write_text(f'{{"contexts": [{{"token": "{CANARY}"')
    with pytest.raises(rp.ConfigurationError, match="can't be read") as failed:
        rp.login(context="one")
    error = failed.value
    assert CANARY not in VerboseTB().text(type(error), error, failed.tb)
    assert error.__cause__ is None
    assert CANARY not in repr(vars(error))


def test_contexts_that_require_a_name_are_taken_by_name_only(folder: Path) -> None:
    one = {"name": "one", "endpoint": ELSEWHERE, "token": CANARY}
    write_contexts(folder, one, current_context="one", context_is_required=True)
    assert find_context() is None
    assert find_context("one").endpoint == ELSEWHERE


def test_what_the_command_line_does_and_we_do_not_is_a_warning(folder: Path) -> None:
    one = {"name": "one", "endpoint": ELSEWHERE, "token": "t", "proxy": f"http://u:{CANARY}@p"}
    write_contexts(folder, {**one, "accept_invalid_certificates": True}, current_context="one")
    with pytest.warns(UserWarning, match="context 'one'") as warned:
        find_context()
    told = " ".join(str(each.message) for each in warned)
    assert "REQUESTS_CA_BUNDLE" in told
    assert "HTTPS_PROXY" in told
    assert CANARY not in told


def test_contexts_are_where_the_command_line_has_them() -> None:
    home = Path.home()
    tail = Path("reinfer/contexts.json")
    assert contexts_file({}, platform="linux") == home / ".config" / tail
    assert contexts_file({"XDG_CONFIG_HOME": "/x"}, platform="linux") == Path("/x") / tail
    assert contexts_file({"XDG_CONFIG_HOME": "x"}, platform="linux") == home / ".config" / tail
    mac = home / "Library" / "Application Support" / tail
    assert contexts_file({"XDG_CONFIG_HOME": "/x"}, platform="darwin") == mac
    assert contexts_file({"APPDATA": "/roaming"}, platform="win32") == Path("/roaming") / tail


def test_a_token_never_goes_to_another_tenant(
    server: Server, folder: Path, ring: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp.login(CANARY, server.endpoint, remember=True)
    rp_settings = find_settings()
    assert rp_settings.endpoint == server.endpoint
    one = {"name": "one", "endpoint": server.endpoint, "token": CANARY}
    write_contexts(folder, one, current_context="one")
    assert find_settings(ELSEWHERE) is None
    monkeypatch.setenv("REINFER_ENDPOINT", ELSEWHERE)
    assert find_settings() is None
    assert find_settings(server.endpoint).token_from == "context one of re"


def test_the_keyring_remembers_until_logout(server: Server, ring: Memory) -> None:
    rp.login(CANARY, server.endpoint)
    assert not ring.kept
    rp.login(CANARY, server.endpoint, remember=True)
    assert CANARY in ring.kept.values()
    assert find_settings().token_from == "keyring"
    rp.logout()
    assert not ring.kept
    assert signed_in() is None
    assert find_settings() is None
    with pytest.raises(rp.ConfigurationError):
        rp.read_reinfer("datasets")


def test_a_shut_keyring_is_said_and_one_is_still_signed_in(server: Server) -> None:
    keyring.set_keyring(NoKeyring())
    with pytest.raises(rp.ConfigurationError, match="You are signed in, but") as failed:
        rp.login(CANARY, server.endpoint, remember=True)
    error, below = failed.value, failed.tb.tb_next
    assert CANARY not in VerboseTB().text(type(error), error, below)
    assert len(rp.read_reinfer("datasets")) > 1
    assert find_settings() is None


def test_colabs_user_data_sign_in(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "google" / "colab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    kept = {"REINFER_TOKEN": CANARY, "REINFER_ENDPOINT": server.endpoint}
    (package / "userdata.py").write_text(
        textwrap.dedent(f"""
            class SecretNotFoundError(Exception): ...
            class NotebookAccessError(Exception): ...
            class TimeoutException(Exception): ...
            kept = {kept!r}
            def get(key):
                if key not in kept:
                    raise SecretNotFoundError(key)
                return kept[key]
        """)
    )
    program = textwrap.dedent("""
        import google.colab, reinfer_pandas as rp
        from google.colab import userdata
        rp.login()
        print(rp.show_config().to_string())
        del userdata.kept["REINFER_TOKEN"]
        rp.logout()
        rp.login()
    """)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Signed in" in done.stdout
    assert done.stdout.count("Colab's user data") == 2
    assert "nobody here to ask" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_a_refused_token_of_an_argument_is_an_error_and_changes_nothing(server: Server) -> None:
    rp.login(CANARY, server.endpoint)
    before = default_client()
    with pytest.raises(rp.AuthenticationError):
        rp.login("canary-wrong", server.endpoint)
    assert default_client() is before


def test_a_bad_login_shows_no_token_in_a_verbose_traceback(server: Server) -> None:
    secret = CANARY
    for endpoint in ("ftp://nowhere", "http://example.com", "https://127.0.0.1:1"):
        with pytest.raises(rp.ReinferError) as failed:
            rp.login(Token(secret), endpoint)
        assert secret not in VerboseTB().text(type(failed.value), failed.value, failed.tb.tb_next)


def test_nobody_to_ask_is_an_error_at_once_that_names_the_variables() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import reinfer_pandas as rp; rp.login()"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    for words in ("ConfigurationError", "REINFER_TOKEN", "REINFER_ENDPOINT", "nobody"):
        assert words in last


def test_a_terminal_asks_without_showing_the_token(server: Server) -> None:
    program = "import reinfer_pandas as rp; rp.login(); print(len(rp.read_reinfer('datasets')))"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", program])
    seen = b""
    answers = {b"Endpoint: ": server.endpoint, b"API token: ": CANARY}
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
        for prompt in [prompt for prompt in answers if seen.endswith(prompt)]:
            os.write(terminal, f"{answers.pop(prompt)}\n".encode())
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"Signed in to acme/production" in seen
    assert seen.rstrip().endswith(b"4")
    assert CANARY.encode() not in seen


def test_a_refused_token_is_asked_for_again_three_times_in_all() -> None:
    tried: list[str] = []
    said: list[object] = []

    def sign_in(settings: Settings) -> str:
        tried.append(settings.token.reveal())
        if len(tried) < 3:
            raise rp.AuthenticationError("refused", status_code=401)
        return "Signed in"

    tokens = iter(["", "one", "two"])
    with pytest.raises(rp.AuthenticationError):
        ask_at_terminal(
            sign_in, endpoint=ELSEWHERE, ask_hidden=lambda _: next(tokens), say=said.append
        )
    assert tried == ["one", "two"]
    ask_at_terminal(sign_in, endpoint=ELSEWHERE, ask_hidden=lambda _: "three", say=said.append)
    assert said[-1] == "Signed in"


def test_what_was_typed_earlier_is_not_asked_for_again(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    rp.login(CANARY, server.endpoint, remember=True)
    rp.login()
    assert where() == ["keyring"] * 2
    keyring.get_keyring().kept.clear()
    rp.login()
    assert capsys.readouterr().out.count("Signed in") == 3


def test_show_config_tells_what_is_missing() -> None:
    config = rp.show_config()
    assert isinstance(config, pd.DataFrame)
    assert "REINFER_TOKEN" in config["value"].iloc[-1]
