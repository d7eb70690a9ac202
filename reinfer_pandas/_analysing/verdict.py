"""What bounded a read, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reinfer_pandas._analysing.critical_path import PHASES, critical_path, since_1970_ms
from reinfer_pandas._latency import HasRequests, _attempts
from reinfer_pandas._spans import Span, spans_of, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reinfer_pandas._latency import Sources

FEW = 0.1
"""Network and client are one part of the sentence where both together are less of the time."""
PAUSE_MS = 1000.0
"""A gap of the client that is told by itself, where it is a tenth of the time too [ms]."""
WORDS = {
    "waiting": "waiting",
    "server": "server",
    "network": "network",
    "unknown": "requests without server time",
    "client": "client",
}


@dataclass(frozen=True, repr=False)
class Verdict:
    """What bounded a read, or several.

    Attributes
    ----------
    wall_ms : float
        How long it took; several reads are added, unless they went on at the same time [ms].
    phases_ms : Mapping of str to float
        How long each phase bounded it, over all workers [ms]: ``waiting`` before tries,
        ``server``, ``network``, ``unknown`` (requests whose server time isn't known), ``client``.
        They add up to ``wall_ms``.
    sentence : str
        That in words; ``str(verdict)`` is the same.
    """

    wall_ms: float
    phases_ms: Mapping[str, float] = field(hash=False)
    sentence: str

    @property
    def shares(self) -> dict[str, float]:
        """Each phase's share of the time, 0 to 1; NaN where no time passed."""
        return {name: _share(ms, self.wall_ms) for name, ms in self.phases_ms.items()}

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return self.sentence


def verdict(x: Sources) -> Verdict:
    """Say in one sentence what bounded a read: waits, the server, the network, or we ourselves.

    At each instant one attempt bounded the read, however many workers went side by side: the walk
    goes back from the last request to what let it begin, and on from there. So the shares add up
    to 100 % of the wall time. What lies between an answer and the request that it let begin is the
    client's (columns made, the caller's own work); so is the time from the last answer to the
    frame. In the log of a client, or in requests frames, it includes idle time.

    Parameters
    ----------
    x : DataFrame, Client, or iterable of them
        As for `latency`. Reads that went on at the same time are one; others are added. So are
        Dask partitions: each went by its own machine's clock.

    Returns
    -------
    Verdict
        It prints as the sentence; ``wall_ms``, ``phases_ms`` and ``shares`` are its numbers.

    Raises
    ------
    ConfigurationError
        Where a frame carries no request log.

    Examples
    --------
    >>> import reinfer_pandas as rp
    >>> with rp.sandbox(comments=50) as client:
    ...     df = client.read("datasets")
    >>> found = rp.verdict(df)
    >>> round(sum(found.shares.values()), 6)
    1.0
    """
    reads = list(_reads(x))
    phases, told, wall_ms = dict.fromkeys(PHASES, 0.0), list[pd.DataFrame](), 0.0
    for begin, end, places in together([read.span for read in reads]):
        attempts = pd.concat(
            [reads[place].attempts.assign(read=place) for place in places], ignore_index=True
        )
        path = _ended(critical_path(_numbered(attempts)), begin, end)
        wall_ms += end - begin
        for name in PHASES:
            phases[name] += float(path[name].sum())
        told.append(_with_causes(path, attempts))
    whole = pd.concat(told, ignore_index=True) if told else None
    words = {**WORDS, "client": _gaps(reads)}
    sentence = _sentence(wall_ms, phases, whole, words)
    if any(read.is_replayed for read in reads):
        sentence += " (replayed: client times mean nothing)"
    return Verdict(wall_ms, phases, sentence)


@dataclass(frozen=True, slots=True)
class _Read:
    """The attempts of one read, from when to when it went on, and whether that is known."""

    attempts: pd.DataFrame
    span: Span
    is_whole: bool
    is_replayed: bool


def _gaps(reads: Sequence[_Read]) -> str:
    """Say what time is that no attempt bounded."""
    if any("due_at" in read.attempts and read.attempts["due_at"].notna().any() for read in reads):
        return "idle until the next was due"
    return WORDS["client"] if all(read.is_whole for read in reads) else "idle time"


def _reads(x: Sources) -> Iterator[_Read]:
    """Return the reads behind frames and clients, each once."""
    one = isinstance(x, pd.DataFrame | HasRequests)
    sources = list(x) if isinstance(x, Iterable) and not one else [x]
    seen = set[object]()
    for source in sources:
        key, attempts = _attempts(source)
        if key in seen:
            continue
        seen.add(key)
        replayed = bool(attempts.attrs.get("reinfer", {}).get("replayed"))
        spans = spans_of(source.attrs.get("reinfer") or {}) if isinstance(key, str) else []  # type: ignore[union-attr]
        if sum(span.n_attempts for span in spans) == len(attempts) and spans:
            ends = np.cumsum([span.n_attempts for span in spans])
            for span, end in zip(spans, ends, strict=True):
                yield _Read(attempts.iloc[end - span.n_attempts : end], span, True, replayed)
        else:
            yield from _unmarked(attempts, replayed)


def _unmarked(attempts: pd.DataFrame, replayed: bool) -> Iterator[_Read]:
    """Return attempts as one read, or one per partition; when frames were made isn't noted."""
    apart = "partition" in attempts
    parts = [part for _, part in attempts.groupby("partition")] if apart else [attempts]
    for part in parts:
        if len(part):
            start = since_1970_ms(part["started_at"])
            begin = (start - part["waited_ms"].to_numpy("float64")).min()
            end = (start + part["elapsed_ms"].to_numpy("float64")).max()
            began_at = pd.Timestamp(begin, unit="ms", tz="UTC").isoformat()
            yield _Read(part, Span(len(part), began_at, end - begin, apart), False, replayed)


def _numbered(attempts: pd.DataFrame) -> pd.DataFrame:
    """Count the requests of several reads through."""
    codes = attempts.groupby(["read", "request"], sort=False).ngroup()
    return attempts.assign(request=codes)


def _ended(path: pd.DataFrame, begin: float, end: float) -> pd.DataFrame:
    """Add to the client what passed before the first attempt and after the last."""
    spare = (end - begin) - float(path[list(PHASES)].to_numpy().sum())
    path = path.copy()
    path.loc[len(path)] = {**dict.fromkeys(path.columns, 0), "cause": -1, "client": spare}
    return path


def _with_causes(path: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """Note on each wait what it came of."""
    causes = path["cause"].to_numpy("int64")
    rows = attempts[["outcome"]].assign(retry_after_s=attempts.get("retry_after_s", np.nan))
    found = rows.reindex(causes).set_axis(path.index)
    return path.assign(**found, cause=causes)


def _sentence(
    wall_ms: float,
    phases: Mapping[str, float],
    path: pd.DataFrame | None,
    words: Mapping[str, str],
) -> str:
    if path is None or wall_ms <= 0:
        return "no requests" if path is None else "no time passed"
    parts = {words[name]: ms for name, ms in phases.items() if ms}
    both = (words["network"], words["client"])
    if all(name in parts for name in both) and sum(map(parts.get, both)) < FEW * wall_ms:  # type: ignore[arg-type]
        parts[f"{both[0]} and {both[1]}"] = sum(parts.pop(name) for name in both)
    notes = {words["waiting"]: _waits(path), words["client"]: _pause(path, wall_ms)}
    told = [
        f"{percent} % {name}{notes.get(name, '')}"
        for name, percent in sorted(_percents(parts).items(), key=lambda part: -part[1])
        if percent
    ]
    return f"{duration(wall_ms)}: {', '.join(told)}"


def _waits(path: pd.DataFrame) -> str:
    """Say what the waits came of, the longest first."""
    waits = path[path["outcome"].notna() & (path["waiting"] > 0)]
    by_outcome = waits.groupby("outcome")
    longest = by_outcome["waiting"].sum().sort_values(ascending=False).index
    told = [_cause(str(name), by_outcome.get_group(name)) for name in longest[:2]]
    told += ["others"] if len(longest) > 2 else []
    return f" ({' and '.join(told)})" if told else ""


def _cause(outcome: str, waits: pd.DataFrame) -> str:
    n, asked = waits["cause"].nunique(), waits["retry_after_s"].dropna()
    told = f"{'one' if n == 1 else f'{n:,} times'} {outcome.removeprefix('http ')}"
    if asked.empty:
        return told
    low, high = f"{asked.min():g}", f"{asked.max():g}"
    return f"{told} with Retry-After {low if low == high else f'{low} to {high}'} s"


def _pause(path: pd.DataFrame, wall_ms: float) -> str:
    longest = float(path["client"].max())
    told = longest >= PAUSE_MS and longest >= FEW * wall_ms
    return f" (one pause of {duration(longest)})" if told else ""


def _percents(parts: Mapping[str, float]) -> dict[str, int]:
    """Return shares in whole percent that add up to 100: what rounding lost goes to the largest."""
    whole = sum(parts.values())
    exact = {name: 100 * ms / whole for name, ms in parts.items()}
    floors = {name: int(np.floor(share)) for name, share in exact.items()}
    left = 100 - sum(floors.values())
    for name in sorted(parts, key=lambda name: floors[name] - exact[name])[:left]:
        floors[name] += 1
    return floors


def _share(ms: float, wall_ms: float) -> float:
    return ms / wall_ms if wall_ms else np.nan


def duration(ms: float) -> str:
    """Write a duration as people say it: 840 ms, 15.8 s, 12 min, 3 h 20 min."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 600_000:
        return f"{ms / 1000:,.1f} s"
    hours, minutes = divmod(round(ms / 60_000), 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
