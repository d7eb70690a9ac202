"""The grammar of the ``Server-Timing`` response header.

Source: W3C Server Timing, "The Server-Timing Header Field"; RFC 9110, 5.6 (lists, tokens,
quoted strings); Re:infer API guide, "Server-Timing"::

    header      = metric *( OWS "," OWS metric )         empty members are ignored
    metric      = token *( OWS ";" OWS parameter )
    parameter   = token [ OWS "=" OWS ( token / quoted-string ) ]

It is not a Structured Field (RFC 9651): a parser for those drops the whole header for one bad
member, and refuses ``dur=37.7123``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Every repeat is possessive (`++`, `*+`), so that hostile input costs linear time.
_BLANKS = r"[ \t\r\n]*+"
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_JUNK = r"[^;,]*+"
_VALUE = rf'(?:(?P<token>{_WORD})|"(?P<quoted>(?:[^"\\]++|\\.)*+)"|".*+)?+'
_PARAMETER = rf";{_BLANKS}(?P<name>{_WORD})?+{_BLANKS}(?:={_BLANKS}{_VALUE})?+{_JUNK}"
_UNNAMED = re.sub(r"\?P<\w+>", "?:", _PARAMETER)
_MEMBER = rf"{_BLANKS}({_WORD})?+{_BLANKS}({_JUNK})((?:{_UNNAMED})*+),?+"

_members = re.compile(_MEMBER, re.DOTALL).findall
_parameters = re.compile(_PARAMETER, re.DOTALL).finditer
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the header.

    Attributes
    ----------
    name : str
        As sent; names are case-sensitive and may repeat.
    duration_ms : float or None
        The parameter ``dur``, finite and at least 0 [ms]; None where it is missing or no such
        number. Never 0 for want of a value.
    description : str or None
        The parameter ``desc``; None where it is missing or has no value.
    """

    name: str
    duration_ms: float | None = None
    description: str | None = None


def parse_server_timing(value: str) -> tuple[Metric, ...]:
    """Return the metrics of a ``Server-Timing`` header, in their order.

    No string makes it raise. What the grammar doesn't allow costs as little as it can:

    ==================================  ==================================================
    a member that has no name           is left out
    junk after a name                   the name counts, its parameters don't
    junk after a parameter or value     is skipped, up to the next ``;`` or ``,``
    a parameter given twice             the first counts, even where its value is invalid
    a quoted string that never ends     has no value, and takes the rest of the header
    ``dur`` = nan, inf, -1, 0x1, 1_0    no duration
    ==================================  ==================================================

    Parameter names are case-insensitive, values may be tokens or quoted strings, and parameters
    other than ``dur`` and ``desc`` are ignored. Several headers are one, joined by commas.

    Parameters
    ----------
    value : str
        The header's value.

    Returns
    -------
    tuple of Metric
        One for each named member; empty where there is none.

    Examples
    --------
    >>> for metric in parse_server_timing('db;desc="read, twice";dur=12, total;dur=37.7'):
    ...     print(metric)
    Metric(name='db', duration_ms=12.0, description='read, twice')
    Metric(name='total', duration_ms=37.7, description=None)
    """
    return tuple(
        Metric(name) if junk else _metric(name, parameters)
        for name, junk, parameters in _members(value)
        if name
    )


def total_ms(value: str | None) -> float | None:
    """Return the platform's own time for a response.

    It is the duration of the first metric called ``total``, however many follow.

    Parameters
    ----------
    value : str or None
        The ``Server-Timing`` header; None where the response has none, as a gateway's.

    Returns
    -------
    float or None
        The time [ms]; None where the header doesn't tell, which is not 0.

    Examples
    --------
    >>> total_ms("subtotal;dur=1, total;dur=37.7")
    37.7
    """
    totals = (metric for metric in parse_server_timing(value or "") if metric.name == "total")
    first = next(totals, None)
    return first.duration_ms if first else None


def format_server_timing(metrics: Iterable[Metric]) -> str:
    """Write metrics as a ``Server-Timing`` header, which parses back to the same metrics.

    Parameters
    ----------
    metrics : iterable of Metric
        What to write.

    Returns
    -------
    str
        The header's value.

    Raises
    ------
    ValueError
        For a name that is no token, a duration that is not finite or below 0, or a control
        character in a description: no header can hold it.

    Examples
    --------
    >>> format_server_timing([Metric("db", 12.5, "read"), Metric("total", 37.7)])
    'db;dur=12.5;desc="read", total;dur=37.7'
    """
    return ", ".join(_format(metric) for metric in metrics)


def _metric(name: str, text: str) -> Metric:
    """Read a metric's parameters; the first of each name counts."""
    values: dict[str, str | None] = {}
    for parameter in _parameters(text):
        values.setdefault((parameter["name"] or "").lower(), _value(parameter))
    return Metric(name, _duration_ms(values.get("dur")), values.get("desc"))


def _value(parameter: re.Match[str]) -> str | None:
    """Return a parameter's value without its quotes; None where it has none."""
    quoted = parameter["quoted"]
    return parameter["token"] if quoted is None else _ESCAPED.sub(r"\1", quoted)


def _duration_ms(text: str | None) -> float | None:
    """Read a duration; ``float`` alone would take nan, inf and 1_0."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if 0 <= number < math.inf else None


def _format(metric: Metric) -> str:
    """Write one metric, refusing what no header can hold."""
    duration_ms, description = metric.duration_ms, metric.description
    if not re.fullmatch(_WORD, metric.name):
        raise ValueError(f"not a token: {metric.name!r}")
    if duration_ms is not None and not 0 <= duration_ms < math.inf:
        raise ValueError(f"not a duration: {duration_ms!r}")
    if description is not None and _CONTROL.search(description):
        raise ValueError(f"a control character: {description!r}")
    dur = "" if duration_ms is None else f";dur={float(duration_ms)!r}"
    desc = "" if description is None else f';desc="{_escape(description)}"'
    return f"{metric.name}{dur}{desc}"


def _escape(text: str) -> str:
    """Put a backslash before each quote and backslash."""
    return re.sub(r'(["\\])', r"\\\1", text)
