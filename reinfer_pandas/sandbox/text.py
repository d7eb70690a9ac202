"""Text that knows where its entities are, in characters and in UTF-16 bytes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

as_json = json.JSONEncoder(ensure_ascii=False).encode
_HOLE = re.compile(r"\{(\w+)\}")


class Value(NamedTuple):
    """What fills a hole: its kind, as written in the text, and as the platform normalises it."""

    kind: str
    written: str
    formatted: str


class Mark(NamedTuple):
    """Where an entity stands: kind, normalised value, offsets (ends exclusive)."""

    kind: str
    formatted: str
    char_start: int
    char_end: int
    utf16_byte_start: int
    utf16_byte_end: int


@lru_cache(maxsize=4096)
def _split(sentence: str) -> tuple[str, ...]:
    """Split at the holes: text, name, text, name, …, text."""
    return tuple(_HOLE.split(sentence))


@dataclass(slots=True)
class Draft:
    """A text being written, with the marks it has got so far."""

    parts: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    chars: int = 0
    utf16_bytes: int = 0

    def add(self, text: str) -> None:
        """Append plain text."""
        self.parts.append(text)
        self.chars += len(text)
        self.utf16_bytes += len(text.encode("utf-16-le"))

    def mark(self, value: Value) -> None:
        """Append a value and remember where it stands."""
        start, byte_start = self.chars, self.utf16_bytes
        self.add(value.written)
        self.marks.append(
            Mark(value.kind, value.formatted, start, self.chars, byte_start, self.utf16_bytes)
        )

    def say(self, sentence: str, fill: Callable[[str], Value]) -> None:
        """Append a sentence, its ``{holes}`` filled and marked."""
        for number, part in enumerate(_split(sentence)):
            if number % 2:
                self.mark(fill(part))
            elif part:
                self.add(part)

    def __str__(self) -> str:
        return "".join(self.parts)


def as_markup(text: str) -> list[dict[str, object]]:
    """Return the markup tree of a text: paragraphs at blank lines, breaks at line ends.

    Source: Re:infer API, comment markup.
    """
    draft = Draft()
    paragraphs: list[dict[str, object]] = []
    for paragraph in text.split("\n\n"):
        children: list[dict[str, object]] = []
        for line in paragraph.split("\n"):
            if children:
                children.append({"kind": "break", "break_kind": "br"})
                draft.add("\n")
            draft.mark(Value("text", line, line))
            children.append({"kind": "text", "span": _offsets(draft.marks[-1])})
        paragraphs.append({"kind": "paragraph", "paragraph_kind": "p", "children": children})
        draft.add("\n\n")
    return paragraphs


def _offsets(mark: Mark) -> dict[str, int]:
    """Return the four offsets of a mark, under the wire's names."""
    _, _, *offsets = mark
    return dict(
        zip(("char_start", "char_end", "utf16_byte_start", "utf16_byte_end"), offsets, strict=True)
    )


def as_span(mark: Mark, *, part: str, message: int = 0) -> dict[str, object]:
    """Return a mark as the wire's span.

    Source: Re:infer API, entity spans.
    """
    return {"content_part": part, "message_index": message, **_offsets(mark)}
