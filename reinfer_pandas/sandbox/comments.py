"""Comments, written when they are first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.attachments import attachments
from reinfer_pandas.sandbox.clock import HOUR_US, timestamp
from reinfer_pandas.sandbox.dice import dice, scatter
from reinfer_pandas.sandbox.facts import Matter, amount
from reinfer_pandas.sandbox.letters import Brief, Place, write_mail, write_talk
from reinfer_pandas.sandbox.people import agent
from reinfer_pandas.sandbox.text import as_json, as_markup

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.source import Source


class Written(NamedTuple):
    """A comment as on the wire, and where its entities are."""

    comment: dict[str, Any]
    places: list[Place]


def write_comment(source: Source, rank: int) -> Written:
    """Make a comment up.

    Source: Re:infer API guide, comments.
    """
    seed, thread = source.seeds[rank], source.thread_of(rank)
    draw, brief = dice(source.keys.words, rank), brief_of(source, rank)
    is_mail = source.plan.kind == "unknown"
    if is_mail:
        messages, places = write_mail(draw, brief)
    else:
        messages, places = write_talk(draw, brief, is_spoken=source.plan.kind == "call")
    created_us = source.created_us(rank)
    edited_us = created_us + (HOUR_US if draw.random() < 0.1 else 0)
    form = thread.number + seed.position
    comment: dict[str, Any] = {
        "id": source.id_of(rank),
        "uid": source.uid_of(rank),
        "source_id": source.plan.id,
        "timestamp": timestamp(seed.at_us, form),
        "created_at": timestamp(created_us),
        "last_modified": timestamp(edited_us, 7 if form % 5 == 0 else 0),
        "messages": messages,
        "user_properties": source.user_properties(rank),
        "attachments": attachments(draw, brief, uid=source.uid_of(rank)),
        "has_annotations": source.is_reviewed(rank),
    }
    if thread_id := source.thread_id(rank):
        comment["thread_id"] = thread_id
    if is_mail:
        comment |= {"text_format": "plain", "context": str(int(edited_us > created_us))}
    return Written(comment, places)


def brief_of(source: Source, rank: int) -> Brief:
    """Return all that is known of a comment before its words."""
    seed, thread = source.seeds[rank], source.thread_of(rank)
    person, sender = source.customer(rank), source.sender(rank)
    team, project = source.team(rank).name, source.plan.project
    languages = _languages(source, thread.language)
    return Brief(
        topic=source.topic(rank),
        languages=languages,
        matter=Matter(
            key=scatter(source.keys.matter, thread.number),
            start_us=thread.times_us[0],
            money=amount(source.seed, source.number, thread.number),
            country=person.country,
            project=project,
        ),
        role=source.role(rank),
        position=seed.position,
        mood=source.mood(rank),
        at_us=seed.at_us,
        sender=sender,
        receiver=agent(source.seed, team, thread.number % 5 + 1, project)
        if sender == person
        else person,
        mailbox=source.mailbox,
    )


def _languages(source: Source, language: str) -> tuple[str, ...]:
    """Return the language of the text, and that of the original where it is translated."""
    if source.plan.should_translate and language != source.plan.language:
        return source.plan.language, language
    return (language,)


def encode_comment(source: Source, rank: int, *, with_markup: bool) -> str:
    """Return a comment as JSON text."""
    comment = source.write(rank).comment
    return as_json(_marked_up(comment) if with_markup else comment)


def _marked_up(comment: dict[str, Any]) -> dict[str, Any]:
    """Return the comment with the markup of its texts."""
    messages = [
        {
            name: _with_markup(value) if name in {"body", "signature"} else value
            for name, value in message.items()
        }
        for message in comment["messages"]
    ]
    return comment | {"messages": messages}


def _with_markup(content: dict[str, Any]) -> dict[str, Any]:
    marked = content | {"text_markup": as_markup(content["text"])}
    if "translated_from" in content:
        marked["translated_from_markup"] = as_markup(content["translated_from"])
    return marked
