"""All benchmarks, or those named: ``python tests/benchmarks [--quick] [name ...]``.

Each prints medians, ratios within one round, and the aims. `--quick` runs everything once and
small: it shows that they work, and its figures mean nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import bytes_to_frame
import cluster
import end_to_end
import growth
import imports
import memory
import overhead
from results import Row, show
from scale import FULL, QUICK, Scale
from tape import Tapes

TITLES = {
    "bytes_to_frame": "(a) Bytes in memory to a frame",
    "end_to_end": "(b) From a server over loopback to a frame",
    "memory": "(c) Peak memory of a read over loopback",
    "growth": "(d) Time and memory for each row, 4 workers",
    "labels_view": "(e) The labels view",
    "imports": "(f) Import",
    "overhead": "(g) One small request",
    "cluster": "(h) On worker processes, by Dask",
}


def main(arguments: list[str]) -> None:
    """Run what was asked for."""
    asked = _parse(arguments)
    scale = QUICK if asked.quick else FULL
    with TemporaryDirectory(prefix="reinfer-tapes-") as folder:
        tapes = Tapes(Path(folder), scale.distinct)
        for name in asked.names or TITLES:
            if name == "labels_view":
                show(TITLES[name], _labels_view(scale))
            else:
                show(TITLES[name], _runs(asked.figure)[name](scale, tapes))
    if not asked.names or "end_to_end" in asked.names:
        print(f"\nfigure: {asked.figure.resolve()}")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *TITLES], help=", ".join(TITLES))
    parser.add_argument("--quick", action="store_true", help="run everything once, and small")
    parser.add_argument(
        "--figure", type=Path, default=Path("end_to_end.png"), help="where the figure goes"
    )
    return parser.parse_args(arguments)


def _runs(figure: Path) -> dict[str, Callable[[Scale, Tapes], Iterable[Row]]]:
    return {
        "bytes_to_frame": bytes_to_frame.run,
        "end_to_end": partial(end_to_end.run, figure=figure),
        "memory": memory.run,
        "growth": growth.run,
        "imports": imports.run,
        "overhead": overhead.run,
        "cluster": cluster.run,
    }


def _labels_view(scale: Scale) -> list[str]:
    """Run it in a process of its own, and return what it says."""
    script = Path(__file__).with_name("labels_view.py")
    command = [sys.executable, str(script), str(scale.labelled)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [f"  {line}" for line in said.splitlines()]


if __name__ == "__main__":
    main(sys.argv[1:])
