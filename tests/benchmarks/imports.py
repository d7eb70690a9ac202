"""What importing the package costs, over importing pandas alone: whole processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from results import Row, median_ratio, take_turns
from scale import Scale
from tape import Tapes

OF_PANDAS = 1.2


def run(scale: Scale, tapes: Tapes) -> Iterator[Row]:
    """Measure both imports by turns."""
    names = ("pandas", "reinfer_pandas")
    times = take_turns({name: partial(_import, name) for name in names}, scale.imports)
    for name in names:
        yield Row(f"import {name}", statistics.median(times[name]), "s")
    ratio = median_ratio(times, "reinfer_pandas", "pandas")
    yield Row("import reinfer_pandas / import pandas", ratio, "x", most=OF_PANDAS)


def _import(name: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {name}"], check=True)
