"""Seeded draws: the same numbers on every run, on every machine, in any order of asking."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
_RANGE = 1 << 64
_MASK = _RANGE - 1
_STEP = 0x9E3779B97F4A7C15


def dice(*keys: int) -> Random:
    """Return a generator that depends on the keys alone."""
    return Random(scatter(*keys))  # noqa: S311 - made-up data, no secret


def scatter(*keys: int) -> int:
    """Hash small integers to 64 even bits."""
    state = 0
    for key in keys:
        state = _mixed(state + key + _STEP)
    return state


def even(key: int, number: int) -> float:
    """Return the draw in [0, 1) at a place in the sequence that a key stands for.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014.
    """
    return _mixed(key + number * _STEP) / _RANGE


def _mixed(state: int) -> int:
    state &= _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def pick(draw: Random, options: Sequence[T]) -> T:
    """Return one of the options, all equally likely."""
    return options[int(draw.random() * len(options))]


@lru_cache(maxsize=4_096)
def ident(*names: str) -> str:
    """Return the 16 hex digits that stand for something's name."""
    return blake2b("\0".join(names).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
