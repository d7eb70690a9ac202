"""What a thread is about: its numbers, dates and sums, as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from reinfer_pandas.sandbox.clock import SECOND_US
from reinfer_pandas.sandbox.dice import even, scatter
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
_DAYS_BEFORE, _DAYS_AFTER = 20, 10


@lru_cache(maxsize=8_000)
def amount(seed: int, source: int, thread: int) -> float:
    """Return the sum of money that a thread is about."""
    key = scatter(seed, source, 11)
    large = 3_000 * (even(key, -thread - 1) > 0.93)
    return round(40 + 1_200 * even(key, thread) ** 2 + large, 2)


class Matter(NamedTuple):
    """What a thread is about.

    Attributes
    ----------
    key : int
        What its numbers and dates are drawn from.
    start_us : int
        When the thread starts [us since 1970].
    money : float
        The sum.
    country : str
        The customer's: which currency.
    project : str
        Whether the thread's own reference is a claim or an order.
    """

    key: int
    start_us: int
    money: float
    country: str
    project: str

    def value(self, hole: str, language: str) -> Value:
        """Return what fills a ``{hole}`` of a sentence in a language."""
        if hole == "money":
            return _money(self.money, language, self.country)
        if hole == "date":
            return _date(self._day(-1 - int(even(self.key, 1) * _DAYS_BEFORE)), language)
        if hole == "later":
            return _date(self._day(4 + int(even(self.key, 2) * _DAYS_AFTER)), language)
        if hole == "ref":
            hole = "claim" if self.project == "acme" else "order"
        kind, number, before, digits, after = _NUMBERS[hole]
        low = 10 ** (digits - 1)
        written = f"{before}{low + int(even(self.key, number) * 9 * low)}{after}"
        return Value(kind, written, written)

    def _day(self, days: int) -> date:
        start = datetime.fromtimestamp(self.start_us // SECOND_US, UTC).date()
        return start + timedelta(days=days)


# hole: kind of entity, place in the draws, and the number's beginning, digits and end
_NUMBERS: Mapping[str, tuple[str, int, str, int, str]] = {
    "claim": ("claim-number", 3, "CLM-", 7, ""),
    "policy": ("policy-number", 4, "POL-", 5, "-B"),
    "order": ("order-number", 5, "GX-", 7, ""),
    "tracking": ("tracking-number", 6, "JD", 12, ""),
    "phone": ("phone-number", 7, "+44 20 7946 0", 3, ""),
}


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
