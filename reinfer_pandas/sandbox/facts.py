"""What a thread is about: its numbers, dates and sums, as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from reinfer_pandas.sandbox.clock import SECOND_US
from reinfer_pandas.sandbox.dice import dice, even, scatter
from reinfer_pandas.sandbox.text import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_CURRENCIES: Mapping[str, tuple[str, str]] = {
    "uk": ("GBP", "£"),
    "us": ("USD", "$"),
    "jp": ("JPY", "¥"),
    "ch": ("CHF", "CHF "),
}
_ENTITY_OF_PROJECT: Mapping[str, str] = {"acme": "claim", "globex": "order"}


@lru_cache(maxsize=8_000)
def amount(seed: int, source: int, thread: int) -> float:
    """Return the sum of money that a thread is about."""
    key = scatter(seed, source, 11)
    large = 3_000 * (even(key, -thread - 1) > 0.93)
    return round(40 + 1_200 * even(key, thread) ** 2 + large, 2)


@lru_cache(maxsize=8_000)
def facts(
    seed: int, source: int, thread: int, *, start_us: int, language: str, country: str, project: str
) -> Mapping[str, Value]:
    """Return what fills the holes of a thread's sentences, in one language.

    Parameters
    ----------
    seed, source, thread : int
        The tenant's seed, the source's number, the thread's number.
    start_us : int
        When the thread starts [us since 1970].
    language, country : str
        How dates are written; which currency.
    project : str
        Whether the thread's own reference is a claim or an order.
    """
    draw = dice(seed, source, thread, 12)
    day = datetime.fromtimestamp(start_us // SECOND_US, UTC).date()
    values = {
        "claim": _number("claim-number", f"CLM-{2_000_000 + int(draw.random() * 900_000)}"),
        "policy": _number("policy-number", f"POL-{10_000 + int(draw.random() * 80_000)}-B"),
        "order": _number("order-number", f"GX-{1_000_000 + int(draw.random() * 8_000_000)}"),
        "tracking": _number("tracking-number", f"JD{int(draw.random() * 10**12):012d}"),
        "date": _date(day - timedelta(days=1 + int(draw.random() * 20)), language),
        "later": _date(day + timedelta(days=4 + int(draw.random() * 10)), language),
        "money": _money(amount(seed, source, thread), language, country),
        "phone": _number("phone-number", f"+44 20 7946 0{int(draw.random() * 1000):03d}"),
    }
    values["ref"] = values[_ENTITY_OF_PROJECT[project]]
    return values


def _number(kind: str, written: str) -> Value:
    return Value(kind, written, written)


def _date(day: date, language: str) -> Value:
    written = {
        "en": f"{day.day} {_MONTHS[day.month - 1]} {day.year}",
        "de": f"{day.day:02d}.{day.month:02d}.{day.year}",
        "ja": f"{day.year}年{day.month}月{day.day}日",
    }.get(language, f"{day.day:02d}/{day.month:02d}/{day.year}")
    return Value("date", written, day.isoformat())


def _money(value: float, language: str, country: str) -> Value:
    code, sign = _CURRENCIES.get(country, ("EUR", "€"))
    plain = f"{value:,.2f}"
    if language in {"de", "fr", "es"}:
        plain = plain.translate(str.maketrans(",.", ".,"))
        return Value("monetary-quantity", f"{plain} {sign.strip()}", f"{value:.2f} {code}")
    return Value("monetary-quantity", f"{sign}{plain}", f"{value:.2f} {code}")
