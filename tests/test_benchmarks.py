"""The benchmarks run: once and small, so that they don't rot; their figures are for no test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).with_name("benchmarks")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are Linux's")
def test_every_benchmark_runs_once_and_small(tmp_path: Path) -> None:
    figure = tmp_path / "figure.png"
    command = [sys.executable, str(BENCHMARKS), "--quick", "--figure", str(figure)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert [line[:3] for line in done.stdout.splitlines() if line.startswith("(")] == [
        f"({letter})" for letter in "abcdefgh"
    ]
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_an_unknown_benchmark_is_refused_with_the_names_of_those_there_are() -> None:
    command = [sys.executable, str(BENCHMARKS), "end-to-end"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "end_to_end" in done.stderr
