"""The command line: what it does, says and returns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from reinfer_pandas.__main__ import main
from reinfer_pandas._notebook import open_notebook
from reinfer_pandas._write import write
from reinfer_pandas.sandbox import Latency, Server

CANARY = "canary-main-44d0"
CLAIMS = "datasets/acme/claims/comments"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(comments=100, token=CANARY, latency=Latency(0)) as running:
        yield running


@pytest.fixture
def signed_in(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("REINFER_ENDPOINT", server.endpoint)
    monkeypatch.setenv("REINFER_TOKEN", server.token)
    monkeypatch.chdir(tmp_path)
    return server


@pytest.mark.parametrize("command", [[], ["demo"], ["read"], ["probe"], ["serve"]])
def test_help_reads_well(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([*command, "--help"])
    assert done.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: reinfer-pandas")
    assert all(len(line) <= 100 for line in said.splitlines())


def test_a_resource_is_read_into_parquet_with_its_tag(
    signed_in: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", CLAIMS, "--limit", "12", "--to", "out.parquet"]) == 0
    df = pd.read_parquet("out.parquet")
    assert len(df) == 12
    assert df.attrs["reinfer"]["resource"] == CLAIMS
    assert capsys.readouterr().out == "12 rows in out.parquet (requests: 1)\n"
    assert [path.name for path in Path().iterdir()] == ["out.parquet"]


def test_csv_has_lists_as_json(signed_in: Server) -> None:
    assert main(["read", CLAIMS, "--to", "out.csv"]) == 0
    df = pd.read_csv("out.csv")
    assert len(df) == 70
    assert {each["state"] for cell in df["labels"].dropna() for each in json.loads(cell)}


def test_json_lines_have_an_object_each(signed_in: Server) -> None:
    options = ["--columns", "uid,timestamp,labels,number:Priority", "--to", "out.jsonl"]
    assert main(["read", CLAIMS, *options]) == 0
    rows = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert len(rows) == 70
    assert all(list(row) == ["uid", "timestamp", "labels", "number:Priority"] for row in rows)
    assert all(isinstance(row["labels"], list) for row in rows)
    assert pd.Timestamp(rows[0]["timestamp"]).tz is not None


def test_any_option_can_be_given(signed_in: Server) -> None:
    arguments = ["--option", "records=datasets", "--option", "limit=1"]
    assert main(["read", "/api/v1/datasets", *arguments, "--to", "out.jsonl"]) == 0
    assert len(Path("out.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["reed"],
        ["read", CLAIMS],
        ["read", CLAIMS, "--to", "out.xlsx"],
        ["read", CLAIMS, "--to", "nowhere/out.csv"],
        ["read", CLAIMS, "--to", "out.csv", "--limit", "many"],
        ["read", CLAIMS, "--to", "out.csv", "--option", "limit"],
    ],
)
def test_wrong_usage_is_2(
    signed_in: Server, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["datasetz"], "datasets"),
        (["datasets/acme/nothing"], "404"),
        (["datasets", "--limit", "-1"], "limit"),
        (["datasets", "--context", "nothing"], "no context 'nothing'"),
    ],
)
def test_an_error_is_1_and_one_line(
    signed_in: Server, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", *arguments, "--to", "out.csv"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
    assert CANARY not in said
    assert not list(Path().iterdir())


def test_no_token_is_an_error_that_names_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "reinfer_pandas", "read", "datasets", "--to", "out.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "REINFER_TOKEN" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("older")
    with pytest.raises(AttributeError):
        write(pd.DataFrame({"a": [object()]}), path)
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]


def test_the_demo_opens_the_quickstart_beside_a_sandbox(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    ran: list[tuple[list[str], dict[str, str], int]] = []

    def run(command: list[str], *, env: dict[str, str], check: bool) -> None:
        settings = {name: env[name] for name in ("REINFER_ENDPOINT", "REINFER_TOKEN")}
        program = "import reinfer_pandas as rp; rp.login()"
        ran.append(
            (
                command,
                settings,
                subprocess.run([sys.executable, "-c", program], env=env, check=check).returncode,
            )
        )

    open_notebook(folder, run=run, comments=50)
    ((command, settings, code),) = ran
    assert command[1:3] == ["-m", "jupyterlab"]
    assert Path(command[3]) == folder / "01_quickstart.ipynb"
    assert len(sorted(folder.glob("*.ipynb"))) == 4
    assert settings["REINFER_ENDPOINT"].startswith("http://127.0.0.1:")
    assert code == 0


def test_the_demo_keeps_notebooks_that_are_there(tmp_path: Path) -> None:
    mine = tmp_path / "01_quickstart.ipynb"
    mine.write_text("mine")
    open_notebook(tmp_path, run=lambda *_, **__: None, comments=10)
    assert mine.read_text() == "mine"
    assert (tmp_path / "03_latency.ipynb").exists()


def test_the_demo_ends_with_a_figure(signed_in: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--figure", "latency.png"]) == 0
    assert Path("latency.png").read_bytes().startswith(b"\x89PNG")
    assert CANARY.encode() not in Path("latency.png").read_bytes()
    said = capsys.readouterr().out
    assert "server_timing_ms" in said
    assert CANARY not in said
