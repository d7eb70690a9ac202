"""Types of records, learned before threads need them.

msgspec learns a struct's fields when it first makes a decoder of it. Two threads that do so at the
same time crash the interpreter: one finds what the other hasn't finished (seen with msgspec 0.22).
"""

from __future__ import annotations

import threading
from typing import Any

import msgspec

_learning = threading.Lock()


def learn(*records: Any) -> None:
    """Learn the types of some records, and all within them; what is known costs next to nothing."""
    with _learning:
        for record in records:
            msgspec.json.Decoder(record)
