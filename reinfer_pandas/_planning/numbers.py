"""Numbers as users give them, NumPy's included, and as JSON has them."""

from __future__ import annotations

import math
from typing import Any

from reinfer_pandas.exceptions import ConfigurationError


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number; True and False are none."""
    is_one = hasattr(value, "__float__") and not isinstance(value, bool | str)
    return is_one and math.isfinite(float(value))


def plain(value: Any) -> str | int | float:
    """Return a value as JSON has it: NumPy's numbers are Python's."""
    if isinstance(value, str):
        return str(value)
    found: int | float = value.__index__() if hasattr(value, "__index__") else float(value)
    return found


def share(name: str, value: Any) -> float:
    """Return a number from 0 to 1."""
    if not is_number(value) or not 0 <= value <= 1:
        raise ConfigurationError(f"{name}={value!r}: give a number from 0 to 1")
    return float(value)
