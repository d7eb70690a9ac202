"""Each fault, at each place of each kind of read: what must become of it, and what does.

``python tests/fault_matrix.py`` writes what does into the README.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from pandas.testing import assert_frame_equal

import reinfer_pandas as rp
from reinfer_pandas.sandbox import Fault, Latency, Server

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- /faults -->)", re.DOTALL)
INBOX, CLAIMS = "sources/acme/inbox/comments", "datasets/acme/claims/comments"
PAGES = "(comments|query)$"
N_COMMENTS, PAGE_SIZE = 120, 18
FRAME, RETRIED, SHORT = "the frame", "the frame, after a retry", "a frame too short: nothing tells"
POLICY = rp.RetryPolicy(attempts=3, base_s=0, cap_s=0)
BOUND_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class Case:
    """A fault, and what must come of it: by the README's tables, not by what the code does.

    Attributes
    ----------
    name : str
        As the README has it.
    once, ever : str
        What must become of a read that it hits once, and of one that it hits from then on.
    fault : dict
        Which fault of the sandbox it is.
    client : dict
        Options of the client.
    places : tuple of str
        Where it hits.
    modes : tuple of str
        What it hits.
    """

    name: str
    once: str
    ever: str
    fault: Mapping[str, Any]
    client: Mapping[str, Any] = field(default_factory=dict)
    places: tuple[str, ...] = ("first", "middle", "last")
    modes: tuple[str, ...] = ("serial", "parallel", "chunks", "export")


def status(code: int, error: str, *, name: str = "", **options: Any) -> Case:
    """Return the case of a status: tried again or not, it ends in the same error."""
    is_retried = code in (408, 429) or (code >= 500 and code not in (501, 505))
    once = RETRIED if is_retried else f"`{error}`"
    return Case(name or f"{code}", once, f"`{error}`", {"kind": "status", "status": code} | options)


def stalled(name: str, kind: str) -> Case:
    """Return the case of an answer that doesn't come, which takes the time of a timeout."""
    fault = {"kind": kind, "seconds": 60}
    return Case(name, RETRIED, "`NetworkError`", fault, HASTY, places=("middle",))


def lossy(name: str, kind: str) -> Case:
    """Return the case of rows that the server keeps to itself, and tells nobody."""
    serial = ("serial", "chunks", "export")  # the parts of a parallel read may or may not meet it
    return Case(name, SHORT, SHORT, {"kind": kind}, places=("middle",), modes=serial)


def broken(name: str, kind: str, error: str = "NetworkError", **options: Any) -> Case:
    """Return the case of an answer that is asked for again."""
    return Case(name, RETRIED, f"`{error}`", {"kind": kind} | options)


def harmless(name: str, kind: str, **options: Any) -> Case:
    """Return the case of an answer that is odd, and right."""
    return Case(name, FRAME, FRAME, {"kind": kind} | options)


def refused(name: str, kind: str, **options: Any) -> Case:
    """Return the case of an answer that isn't what the API promises, and never will be."""
    return Case(name, "`ResponseError`", "`ResponseError`", {"kind": kind} | options)


HASTY = {"timeout": (5.0, 0.2)}


def in_a_second() -> str:
    """Return a date of HTTP's, which has whole seconds."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


LONG_AGO = "Wed, 21 Oct 2015 07:28:00 GMT"
CASES = (
    *(status(code, "ServerError") for code in (500, 502, 503, 504, 507, 599)),
    *(status(code, "ServerError") for code in (501, 505)),
    status(408, "APIError"),
    status(429, "RateLimitError"),
    status(429, "RateLimitError", name="429, `Retry-After: 0`", retry_after=0),
    replace(
        status(429, "RateLimitError", name="429, `Retry-After` a date", retry_after=in_a_second),
        places=("middle",),
        modes=("parallel", "export"),
    ),
    status(429, "RateLimitError", name="429, `Retry-After` a past date", retry_after=LONG_AGO),
    status(429, "RateLimitError", name="429, `Retry-After: soon`", retry_after="soon"),
    Case(
        "429, `Retry-After: 1000000000`",
        "`RateLimitError`",
        "`RateLimitError`",
        {"kind": "status", "status": 429, "retry_after": 10**9},
    ),
    *(
        status(code, error)
        for code, error in (
            (400, "InvalidRequestError"),
            (401, "AuthenticationError"),
            (403, "PermissionDeniedError"),
            (404, "NotFoundError"),
            (409, "ConflictError"),
            (413, "InvalidRequestError"),
            (418, "APIError"),
            (422, "InvalidRequestError"),
        )
    ),
    broken("a gateway's HTML, 502", "html", "ServerError"),
    broken("HTML, 200", "html", "ResponseError", status=200),
    broken("connection reset before the answer", "reset"),
    broken("closed before the answer", "close"),
    broken("reset within the headers", "reset in headers"),
    broken("reset within the body", "reset in body"),
    stalled("nothing before the headers", "stall"),
    stalled("nothing more within the body", "stall in body"),
    harmless("a body that drips in", "drip", seconds=0.03),
    broken("cut off, with Content-Length", "cut off"),
    broken("cut off, chunked", "cut off chunked"),
    broken("cut off, without either", "cut off silently", "ResponseError"),
    broken("bad gzip", "bad gzip"),
    broken("empty body", "empty", "ResponseError"),
    broken("bytes that are no JSON", "garbage", "ResponseError"),
    broken("half of the JSON", "truncated", "ResponseError"),
    broken("not UTF-8", "not utf-8", "ResponseError"),
    broken("`NaN`, which JSON hasn't", "not a number", "ResponseError"),
    broken("`error` with 200", "error as ok", "ResponseError"),
    broken("`ok` with 500", "ok as error", "ServerError"),
    harmless("`1e400`, where it isn't used", "huge number"),
    harmless("a key twice: the last counts", "duplicate key"),
    harmless("100,000 lists in each other, not used", "deep"),
    refused("no key for the records", "missing key"),
    harmless("no Server-Timing", "no server timing"),
    harmless("garbage for Server-Timing", "server timing", value="total;dur=soon"),
    harmless("several in Server-Timing", "server timing", value="db;dur=1, total;dur=2, total"),
    Case(
        "a continuation that came before",
        "`ResponseError`",
        "`ResponseError`",
        {"kind": "repeat continuation"},
        places=("first",),
        modes=("serial", "chunks", "export"),
    ),
    Case(
        "a continuation that the server then refuses",
        "`InvalidRequestError`",
        "`InvalidRequestError`",
        {"kind": "unknown continuation"},
        places=("first",),
        modes=("serial", "chunks", "export"),
    ),
    lossy("a page in the middle without its rows", "empty page"),
    lossy("a page in the middle without its continuation", "no continuation"),
    harmless("a row twice", "duplicate rows"),
    refused("redirect to another host", "redirect", value="https://elsewhere.example/"),
    refused("redirect to another port", "redirect", value="http://127.0.0.1:9/"),
    Case(
        "redirect to itself",
        FRAME,
        "`ResponseError`",
        {"kind": "redirect", "status": 307, "value": "?"},
    ),
    Case(
        "a body beyond `max_body_bytes`",
        "`ResponseError`",
        "`ResponseError`",
        {"kind": "big", "size_bytes": BOUND_BYTES + 1},
        {"max_body_bytes": BOUND_BYTES},
    ),
    Case("a body of 100 MB", FRAME, FRAME, {"kind": "big"}, places=("middle",), modes=("serial",)),
)


class Matrix:
    """A tenant, and what its reads come to when they are disturbed.

    Parameters
    ----------
    server : Server
        The tenant.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wholes = {name: self._undisturbed(name) for name in (INBOX, CLAIMS)}

    def outcome(self, case: Case, mode: str, *, place: str, times: int | None) -> str:
        """Return, in the README's words, what becomes of a read.

        Whatever it is, the rows must be right: those of a frame, those that an error has as
        `partial`, and those that come when it is resumed.
        """
        resource = {"serial": INBOX, "parallel": CLAIMS, "chunks": CLAIMS, "export": INBOX}[mode]
        whole = self._wholes[resource]
        n_pages = -(-len(whole) // PAGE_SIZE)
        after = {"first": 0, "middle": n_pages // 2, "last": n_pages - 1}[place]
        with self._client(case) as client, TemporaryDirectory() as folder:
            fault = {k: v() if callable(v) else v for k, v in case.fault.items()}
            self._server.inject(Fault(path=PAGES, after=after, times=times, **fault))
            read = READS[mode](client, resource, Path(folder) / "export")
            try:
                df = read.go()
            except rp.ReinferError as error:
                check_words(error)
                check_prefix(read.partial(error), whole)
                self._server.clear_faults()
                check_rows(read.resume(error), whole)
                return f"`{type(error).__name__}`"
            finally:
                self._server.clear_faults()
            if SHORT in (case.once, case.ever) and len(df) < len(whole):
                assert whole["uid"].isin(df["uid"]).sum() == len(df)
                return SHORT
            check_rows(df, whole)
            return RETRIED if (client.requests()["attempt"] > 1).any() else FRAME

    @contextmanager
    def _client(self, case: Case) -> Iterator[rp.Client]:
        options = {"retry": POLICY, "workers": 1, **case.client}
        with rp.Client(self._server.endpoint, self._server.token, **options) as client:
            yield client

    def _undisturbed(self, resource: str) -> pd.DataFrame:
        with rp.Client(self._server.endpoint, self._server.token, workers=1) as client:
            return client.read(resource, page_size=PAGE_SIZE)


def check_words(error: rp.ReinferError) -> None:
    """Check that an error says what was asked, and what to do next."""
    assert error.method in ("GET", "POST")
    assert error.path
    assert error.path.rpartition("/")[2] in str(error)
    assert error.hint


def check_rows(df: pd.DataFrame, whole: pd.DataFrame) -> None:
    """Check that a frame is the whole one."""
    plain = [name for name in whole.columns if str(whole[name].dtype) != "object"]
    assert df.columns.tolist() == whole.columns.tolist()
    assert_frame_equal(df[plain].reset_index(drop=True), whole[plain])


def check_prefix(df: pd.DataFrame | None, whole: pd.DataFrame) -> None:
    """Check that rows are the first ones of the whole frame, and not all of them."""
    if df is not None:
        assert df["uid"].tolist() == whole["uid"].tolist()[: len(df)]
        assert len(df) < len(whole)


@dataclass
class OneFrame:
    """A read of one frame."""

    client: rp.Client
    resource: str
    folder: Path
    workers: int = 1

    def go(self) -> pd.DataFrame:
        return self.client.read(self.resource, page_size=PAGE_SIZE, workers=self.workers)

    def partial(self, error: rp.ReinferError) -> pd.DataFrame | None:
        return error.partial

    def resume(self, error: rp.ReinferError) -> pd.DataFrame:
        return error.resume()


@dataclass
class SideBySide(OneFrame):
    """A read of one frame, in parts."""

    workers: int = 4


@dataclass
class Chunks(OneFrame):
    """A read of several frames."""

    came: list[pd.DataFrame] = field(default_factory=list)

    def go(self) -> pd.DataFrame:
        options = {"page_size": PAGE_SIZE, "chunksize": 25}
        return self._gathered(self.client.read(self.resource, **options))

    def partial(self, error: rp.ReinferError) -> pd.DataFrame | None:
        return rp.concat([*self.came, error.partial])

    def resume(self, error: rp.ReinferError) -> pd.DataFrame:
        return self._gathered(error.resume())

    def _gathered(self, chunks: Iterator[pd.DataFrame]) -> pd.DataFrame:
        for chunk in chunks:
            self.came.append(chunk)
        return rp.concat(self.came)


@dataclass
class Export(OneFrame):
    """A read into a folder; the same call goes on."""

    def go(self) -> pd.DataFrame:
        options = {"page_size": PAGE_SIZE, "rows_per_file": 40}
        rp.export_reinfer(self.resource, self.folder, client=self.client, **options)
        return pd.read_parquet(self.folder)

    def partial(self, error: rp.ReinferError) -> None:
        return None

    def resume(self, error: rp.ReinferError) -> pd.DataFrame:
        return self.go()


READS: Mapping[str, Callable[[rp.Client, str, Path], OneFrame]] = {
    "serial": OneFrame,
    "parallel": SideBySide,
    "chunks": Chunks,
    "export": Export,
}


@cache
def matrix() -> Matrix:
    """Return the matrix of a tenant that serves as long as this process runs."""
    return Matrix(Server(comments=N_COMMENTS, latency=Latency(0)).start())


@cache
def outcomes(case: Case, mode: str, *, times: int | None) -> frozenset[str]:
    """Return what becomes of the reads of one kind: at every place, or from the middle on."""
    places = case.places if times else case.places[-2:-1] or case.places
    return frozenset(matrix().outcome(case, mode, place=place, times=times) for place in places)


def table() -> str:
    """Return what becomes of all reads, as the README has it."""
    rows = ["| what happens | once, anywhere | from then on |", "|---|---|---|"]
    for case in CASES:
        once, ever = (
            " or ".join(sorted({word for m in case.modes for word in outcomes(case, m, times=n)}))
            for n in (1, None)
        )
        rows.append(f"| {case.name} | {once} | {ever} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    README.write_text(BLOCK.sub(lambda _: table(), README.read_text()))
