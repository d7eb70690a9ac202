"""The command line: ``reinfer-pandas demo``, ``read``, ``export`` and ``serve``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reinfer_pandas._version import __version__
from reinfer_pandas.exceptions import ReinferError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


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
    except (ReinferError, OSError) as error:
        told = " ".join(" ".join([str(error), *getattr(error, "__notes__", ())]).split())
        print(f"reinfer-pandas: {type(error).__name__}: {told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print(*getattr(interrupt, "__notes__", ()), sep="\n", end="", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reinfer-pandas",
        description="Re:infer (UiPath Communications Mining) in pandas.",
        epilog="The tenant is that of REINFER_ENDPOINT and REINFER_TOKEN, of the current context "
        "of the official command line (re), or of the keyring: the first that has a token.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_read(commands)
    _add_export(commands)
    _add_probe(commands)
    _add_serve(commands)
    return parser


def _add_demo(commands: Commands) -> None:
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
    demo.add_argument(
        "--notebook",
        action="store_true",
        help="open the quickstart in JupyterLab instead, with a sandbox running",
    )
    demo.set_defaults(run=_demo)


def _add_read(commands: Commands) -> None:
    read = commands.add_parser(
        "read",
        help="read a resource into a file",
        description="Read a resource into a Parquet, CSV or JSON Lines file. Lists are JSON in "
        "CSV; only Parquet keeps types and tag.",
        epilog="For example: reinfer-pandas read datasets/acme/claims/comments --start 2026-01-01 "
        "--end 2026-02-01 --to january.parquet",
    )
    _add_read_arguments(read)
    read.set_defaults(run=_read)


def _add_export(commands: Commands) -> None:
    export = commands.add_parser(
        "export",
        help="read a resource of any size into a folder of Parquet files",
        description="Read a resource into a folder of Parquet files. Broken off at any instant, "
        "the same command goes on.",
        epilog="For example: reinfer-pandas export datasets/acme/claims/comments claims "
        "--start 2026-01-01",
    )
    export.add_argument("resource", help="such as sources/acme/inbox/comments")
    export.add_argument("folder", type=Path, help="new, empty, or begun by the same command")
    export.add_argument("--update", action="store_true", help="fetch what is new since")
    export.add_argument("--rows-per-file", type=int, metavar="N", help="about; default: 50000")
    _add_options(export)
    export.set_defaults(run=_export)


def _add_probe(commands: Commands) -> None:
    probe = commands.add_parser(
        "probe",
        help="send a cheap read at a fixed rate, and tell how long answers take",
        description="Send a cheap read at a fixed rate, whatever the answers take, and print how "
        "long they took from when they were due. Ctrl-C ends it early.",
    )
    probe.add_argument("resource", nargs="?", default="datasets", help="default: %(default)s")
    probe.add_argument("--rate", default="2/s", help="per s, min or h; default: %(default)s")
    probe.add_argument("--duration", default="60s", help="default: %(default)s")
    probe.add_argument(
        "--most-requests", type=int, default=1_000, metavar="N", help="default: %(default)s"
    )
    probe.add_argument(
        "--har", type=Path, metavar="FILE", help="where the log goes, as an HTTP Archive"
    )
    probe.add_argument("--context", metavar="NAME", help="a context of the official command line")
    probe.set_defaults(run=_probe)


def _add_serve(commands: Commands) -> None:
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


def _add_read_arguments(read: argparse.ArgumentParser) -> None:
    read.add_argument("resource", help="such as datasets, or sources/acme/inbox/comments")
    read.add_argument(
        "--to",
        type=_output,
        required=True,
        metavar="FILE",
        help="where the rows go: .parquet, .csv or .jsonl; an older file is replaced",
    )
    read.add_argument("--limit", type=int, metavar="N", help="rows wanted")
    _add_options(read)


def _add_options(command: argparse.ArgumentParser) -> None:
    """Add what every command that reads takes."""
    command.add_argument("--start", metavar="TIME", help="earliest time, UTC if no zone is given")
    command.add_argument("--end", metavar="TIME", help="latest time, inclusive")
    command.add_argument("--page-size", type=int, metavar="N", help="rows asked for at once")
    command.add_argument(
        "--columns",
        type=lambda names: names.split(","),
        metavar="A,B",
        help="the columns wanted, in this order",
    )
    command.add_argument(
        "--option",
        type=_option,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other option of read_reinfer, its value as JSON or text; may repeat",
    )
    command.add_argument("--context", metavar="NAME", help="a context of the official command line")


def _output(text: str) -> Path:
    """Check a file's name: its suffix tells its kind."""
    from reinfer_pandas._write import WRITERS

    path = Path(text)
    if path.suffix not in WRITERS:
        raise argparse.ArgumentTypeError(f"{text!r} must end in {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {str(path.parent)!r}")
    return path


def _option(text: str) -> tuple[str, Any]:
    """Take an option apart; what is no JSON is text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} must be NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _demo(args: argparse.Namespace) -> None:
    if args.notebook:
        from reinfer_pandas._notebook import open_notebook

        open_notebook(Path("reinfer-notebooks"))
        return
    from reinfer_pandas._demo import demo

    demo(args.figure)


def _read(args: argparse.Namespace) -> None:
    from reinfer_pandas._login import connect
    from reinfer_pandas._write import write

    with connect(context=args.context) as client:
        df = client.read(args.resource, **_given(args, "limit"))
    write(df, args.to)
    facts = df.attrs["reinfer"]
    print(f"{len(df):,} rows in {args.to} (requests: {facts['n_requests']:,})")


def _export(args: argparse.Namespace) -> None:
    from reinfer_pandas._login import connect
    from reinfer_pandas.export import export_reinfer

    given = _given(args, "rows_per_file")
    with connect(context=args.context) as client:
        files = export_reinfer(
            args.resource, args.folder, client=client, update=args.update, **given
        )
    print(f"{files['rows'].sum():,} rows in {args.folder} (files: {len(files):,})")


def _probe(args: argparse.Namespace) -> None:
    from reinfer_pandas._analysing.har import to_har
    from reinfer_pandas._login import connect
    from reinfer_pandas._probe import probe

    with connect(context=args.context) as client:
        df = probe(
            args.resource,
            rate=args.rate,
            duration=args.duration,
            client=client,
            most_requests=args.most_requests,
        )
    if args.har:
        to_har(df, args.har)
    print(df.attrs["verdict"])


def _given(args: argparse.Namespace, *also: str) -> dict[str, Any]:
    """Return the options that were given."""
    names = ("start", "end", "page_size", "columns", *also)
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    return {**given, **dict(args.option)}


def _serve(args: argparse.Namespace) -> None:
    from reinfer_pandas.sandbox import serve

    serve(comments=args.comments, seed=args.seed, port=args.port)


if __name__ == "__main__":
    sys.exit(main())
