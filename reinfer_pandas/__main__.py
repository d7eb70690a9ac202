"""The command line: ``reinfer-pandas demo`` and ``reinfer-pandas serve``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reinfer_pandas._version import __version__
from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 for an error, 2 for wrong usage.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default the process's.
    """
    args = _parser().parse_args(argv)
    try:
        args.run(args)
    except ReinferError as error:
        print(f"reinfer-pandas: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reinfer-pandas",
        description="Re:infer (UiPath Communications Mining) in pandas.",
        epilog="The tenant is that of REINFER_ENDPOINT and REINFER_TOKEN.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    demo = commands.add_parser(
        "demo",
        help="read a tenant, or a sandbox, and show frames, tags and a latency figure",
        description="Read datasets, sources and a month of comments, from the tenant of "
        "REINFER_ENDPOINT and REINFER_TOKEN or else from a sandbox with faults, and show them.",
    )
    demo.add_argument(
        "--figure",
        type=Path,
        default=Path("reinfer-latency.png"),
        metavar="FILE",
        help="where the latency figure goes (default: %(default)s)",
    )
    demo.set_defaults(run=_demo)

    serve = commands.add_parser(
        "serve",
        help="serve a sandbox tenant until Ctrl-C",
        description="Serve a generated tenant on loopback, and print the two variables that "
        "connect to it.",
    )
    serve.add_argument("--comments", type=int, default=5_000, help="default: %(default)s")
    serve.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    serve.add_argument("--port", type=int, default=0, help="default: a free one")
    serve.set_defaults(run=_serve)
    return parser


def _demo(args: argparse.Namespace) -> None:
    from reinfer_pandas._demo import demo

    demo(args.figure)


def _serve(args: argparse.Namespace) -> None:
    from reinfer_pandas.sandbox import serve

    serve(comments=args.comments, seed=args.seed, port=args.port)


if __name__ == "__main__":
    sys.exit(main())
