"""The wire's comments as typed structs: only the fields that the frames use.

Optional fields take null for absent. Numbers that the platform has sent both as ``5`` and
``5.0`` are `Number`. The structs hold no cycles, so the cyclic garbage collector needn't see
them, and short lists are tuples, which it leaves alone: both halve the time of decoding.

Source: Re:infer API guide, comments, labels, entities.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

Number: TypeAlias = int | float
Strings: TypeAlias = tuple[str, ...] | None


class Text(Struct, gc=False):
    """A message's subject, body or signature."""

    text: str
    translated_from: str | None = None


class Message(Struct, gc=False, rename={"sender": "from"}):
    """One message of a comment; an e-mail has one, a chat many."""

    body: Text
    subject: Text | None = None
    signature: Text | None = None
    sender: str | None = None
    to: Strings = None
    cc: Strings = None
    bcc: Strings = None
    sent_at: str | None = None
    language: str | None = None


class Attachment(Struct, gc=False):
    """A file that came along."""

    name: str | None = None
    size: Number | None = None
    content_type: str | None = None
    attachment_reference: str | None = None
    content_hash: str | None = None
    inline: bool | None = None


class Comment(Struct, gc=False):
    """What somebody wrote or said."""

    uid: str
    id: str
    timestamp: str
    created_at: str
    messages: tuple[Message, ...]
    source_id: str | None = None
    thread_id: str | None = None
    last_modified: str | None = None
    user_properties: dict[str, Any] | None = None
    attachments: tuple[Attachment, ...] | None = None
    has_annotations: bool | None = None


class Label(Struct, gc=False):
    """A label in any of its forms: a name joined by `` > `` or a list of parts."""

    name: str | tuple[str, ...]
    probability: float | None = None
    sentiment: str | float | None = None


class Labelling(Struct, gc=False):
    """The labels of one group."""

    group: str = "default"
    assigned: tuple[Label, ...] | None = None
    dismissed: tuple[Label, ...] | None = None
    predicted: tuple[Label, ...] | None = None


class Span(Struct, gc=False):
    """A stretch of text, its end exclusive."""

    content_part: str | None = None
    message_index: Number | None = None
    char_start: Number | None = None
    char_end: Number | None = None
    utf16_byte_start: Number | None = None
    utf16_byte_end: Number | None = None


class Entity(Struct, gc=False):
    """A general field found in a comment."""

    name: str
    formatted_value: str | None = None
    spans: tuple[Span, ...] | None = None
    span: Span | None = None
    probability: float | None = None


class Entities(Struct, gc=False):
    """The entities of a comment, by state."""

    assigned: tuple[Entity, ...] | None = None
    dismissed: tuple[Entity, ...] | None = None
    predicted: tuple[Entity, ...] | None = None


class Field(Struct, gc=False):
    """A field extracted for a label."""

    name: str
    formatted_value: str | None = None
    kind: str | None = None
    field_id: str | None = None
    probability: float | None = None
    spans: tuple[Span, ...] | None = None
    span: Span | None = None


class Capture(Struct, gc=False):
    """One occurrence of a label, with its fields."""

    fields: tuple[Field, ...] | None = None
    probability: float | None = None


class LabelCaptures(Struct, gc=False):
    """The occurrences of one label."""

    label: Label
    captures: tuple[Capture, ...] | None = None


class MoonForms(Struct, gc=False):
    """The extractions of one label group, by state."""

    group: str = "default"
    assigned: tuple[LabelCaptures, ...] | None = None
    dismissed: tuple[LabelCaptures, ...] | None = None
    predicted: tuple[LabelCaptures, ...] | None = None


class ThreadProperties(Struct, gc=False):
    """What is known of the comment's thread."""

    duration: float | None = None
    response_time: float | None = None
    num_messages: Number | None = None
    thread_position: Number | None = None
    first_sender: str | None = None


class LabelProperty(Struct, gc=False):
    """A score such as tone."""

    id: str | None = None
    name: str | None = None
    value: float | None = None


class AnnotatedComment(Struct, gc=False):
    """A comment with what people and models say of it."""

    comment: Comment
    labelling: tuple[Labelling, ...] | Labelling | None = None
    entities: Entities | None = None
    thread_properties: ThreadProperties | None = None
    label_properties: tuple[LabelProperty, ...] | None = None
    moon_forms: tuple[MoonForms, ...] | None = None
    model_version: Number | None = None


class Stamped(Struct, gc=False):
    """Of a comment, with or without labels around it, its time alone."""

    timestamp: str | None = None
    comment: Stamped | None = None

    @property
    def time(self) -> str | None:
        """When it was written, as sent."""
        return self.comment.timestamp if self.comment else self.timestamp
