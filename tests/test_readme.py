"""The README does what it says: its blocks run, its tables are those of the code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest

import reinfer_pandas as rp
from reinfer_pandas.__main__ import main
from reinfer_pandas.sandbox import Latency, Server

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = [
    line.partition("#")[0].strip()
    for language, text in BLOCKS
    if language == "sh"
    for line in text.splitlines()
]


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Serve a tenant to the environment, in a folder of its own."""
    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    with Server(comments=300, latency=Latency(0)) as server:
        monkeypatch.setenv("REINFER_ENDPOINT", server.endpoint)
        monkeypatch.setenv("REINFER_TOKEN", server.token)
        yield server


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {language for language, _ in BLOCKS} == {"python", "sh"}
    assert len(PYTHON) > 5


def test_the_python_blocks_run_one_after_the_other(tenant: Server) -> None:
    names: dict[str, object] = {}
    for number, block in enumerate(PYTHON):
        exec(compile(block, f"README block {number}", "exec"), names)
    assert len(names["df"]) > 40
    assert Path("january.parquet").exists()


def test_the_demo_command_of_the_readme_runs(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert any(line.endswith("reinfer-pandas demo") for line in SHELL)
    figure = tmp_path / "latency.png"
    assert main(["demo", "--figure", str(figure)]) == 0
    said = capsys.readouterr().out
    assert "http 503" in said
    assert "server_timing_ms" in said
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_shell_lines_are_commands_that_exist() -> None:
    for line in SHELL:
        for command in re.split(r"&&", line):
            words = shlex.split(command)
            if words[0].endswith("reinfer-pandas"):
                with pytest.raises(SystemExit) as ended:
                    main([*words[1:], "--help"])
                assert ended.value.code == 0


def test_ci_runs_the_readmes_test_command() -> None:
    (command,) = [line for line in SHELL if line.endswith("-m pytest")]
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_retry_table_is_that_of_the_policy() -> None:
    rows = re.findall(r"^    (\S.*?)  +(\S.*?)  +(\S.*?)$", rp.RetryPolicy.__doc__, re.MULTILINE)
    table = " ".join(README.split("## Retries")[1].split("## Errors")[0].split())
    said = [cell for row in rows for cell in row if not set(cell) <= set("= ")]
    assert len(said) > 12
    for cell in said:
        assert cell.strip() in table, cell


def test_every_error_of_the_tree_is_named() -> None:
    for name in rp.__all__:
        if name.endswith("Error"):
            assert f"`{name}`" in README
