"""Ctrl-C at an instant of one's choice."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Self

import reinfer_pandas as rp

PACKAGE = str(Path(rp.__file__).parent)


class CtrlC:
    """Interrupts this thread at the n-th instant at which Python would hear Ctrl-C.

    Those are the entries of functions, and the ends of calls of C; within the package only. At 0
    it never does, and counts the instants.
    """

    def __init__(self, instant: int = 0) -> None:
        self.instant = instant
        self.n_instants = 0

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _arg: object) -> None:
        if event not in ("call", "c_return") or not frame.f_code.co_filename.startswith(PACKAGE):
            return
        self.n_instants += 1
        if self.n_instants == self.instant:
            raise KeyboardInterrupt
