"""Who writes: customers and agents, each a function of a number."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from reinfer_pandas.sandbox.dice import dice, pick

if TYPE_CHECKING:
    from collections.abc import Mapping


class Person(NamedTuple):
    """Somebody with a mailbox."""

    name: str
    address: str
    domain: str
    country: str
    language: str


class Origin(NamedTuple):
    """Where people who write in a language come from."""

    countries: tuple[str, ...]
    domains: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]
    first_ascii: tuple[str, ...] = ()
    last_ascii: tuple[str, ...] = ()


ORIGINS: Mapping[str, Origin] = {
    "en": Origin(
        ("uk", "uk", "ie", "us"),
        ("mailbox.example", "post.example", "hartley-garages.example", "kestrel.example"),
        ("Alice", "Bob", "Carol", "Daniel", "Emma", "Frank", "Grace", "Henry", "Isla", "Jack"),
        ("Archer", "Brown", "Clarke", "Davies", "Evans", "Foster", "O'Neill", "Patel", "Singh"),
    ),
    "de": Origin(
        ("de", "de", "at", "ch"),
        ("postfach.example", "werkstatt-koenig.example", "mail.example"),
        ("Anna", "Björn", "Clara", "Dieter", "Eva", "Jürgen", "Käthe", "Lukas", "Marie"),
        ("Bauer", "Fischer", "Groß", "Huber", "König", "Müller", "Schäfer", "Weiß"),
    ),
    "fr": Origin(
        ("fr", "fr", "be", "ch"),
        ("courrier.example", "atelier-dupont.example"),
        ("Amélie", "Benoît", "Chloé", "François", "Hélène", "Jérôme", "Zoé"),
        ("Bernard", "Dupont", "Lefèvre", "Moreau", "Noël", "Petit"),
    ),
    "es": Origin(
        ("es", "es", "mx"),
        ("correo.example", "taller-sol.example"),
        ("Ana", "Begoña", "Iñigo", "José", "Lucía", "María", "Óscar"),
        ("García", "Ibáñez", "López", "Muñoz", "Núñez", "Peña"),
    ),
    "ja": Origin(
        ("jp",),
        ("yubin.example", "sakura-shoji.example"),
        ("健", "陽子", "翔", "美咲", "直樹"),
        ("佐藤", "鈴木", "高橋", "田中", "渡辺"),
        ("ken", "yoko", "sho", "misaki", "naoki"),
        ("sato", "suzuki", "takahashi", "tanaka", "watanabe"),
    ),
    "ar": Origin(
        ("ae", "jo", "eg"),
        ("barid.example", "najm.example"),
        ("أحمد", "ليلى", "سامي", "نور"),
        ("حداد", "منصور", "خوري", "ناصر"),
        ("ahmad", "layla", "sami", "nour"),
        ("haddad", "mansour", "khoury", "nasser"),
    ),
}


def _ascii(name: str) -> str:
    """Spell a name as a mailbox would."""
    folded = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss"))
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())


@lru_cache(maxsize=20_000)
def customer(seed: int, number: int, language: str) -> Person:
    """Return the customer with this number."""
    draw = dice(seed, number, 101)
    origin = ORIGINS[language]
    first, last = pick(draw, range(len(origin.first))), pick(draw, range(len(origin.last)))
    domain = pick(draw, origin.domains)
    spelt = (
        (origin.first_ascii or origin.first)[first],
        (origin.last_ascii or origin.last)[last],
    )
    address = f"{_ascii(spelt[0])}.{_ascii(spelt[1])}{number % 97 or ''}@{domain}"
    order = (last, first) if language == "ja" else (first, last)
    names = (origin.last, origin.first) if language == "ja" else (origin.first, origin.last)
    name = f"{names[0][order[0]]} {names[1][order[1]]}"
    return Person(name, address, domain, pick(draw, origin.countries), language)


@lru_cache(maxsize=1_000)
def agent(seed: int, team: str, number: int, project: str) -> Person:
    """Return one of a team's agents."""
    origin = ORIGINS["en"]
    draw = dice(seed, number, len(team), *team.encode()[:4])
    first, last = pick(draw, origin.first), pick(draw, origin.last)
    domain = f"{project}.example"
    return Person(f"{first} {last}", f"{_ascii(first)}.{_ascii(last)}@{domain}", domain, "uk", "en")
