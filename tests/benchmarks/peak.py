"""How much memory this process takes, as Linux tells it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa


def peak_above(read: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """Return what a call returns, and by how much memory rose above what it was before [bytes].

    The peak is the kernel's, reset before the call: no sampling, and nothing left of what the
    process did before.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status_bytes("VmRSS")
    df = read()
    return df, _status_bytes("VmHWM") - before


def peak_bytes() -> int:
    """Return the most memory that this process has taken [bytes]."""
    return _status_bytes("VmHWM")


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def frame_bytes(df: pd.DataFrame) -> int:
    """Return the size of a frame; Arrow columns tell theirs, nested ones too."""
    return int(df.memory_usage(deep=True).sum())
