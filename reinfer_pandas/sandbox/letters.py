"""One comment's messages: an e-mail, or the turns of a call or a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from reinfer_pandas.sandbox.clock import SECOND_US, timestamp
from reinfer_pandas.sandbox.dice import pick
from reinfer_pandas.sandbox.text import Draft, Mark, Value
from reinfer_pandas.sandbox.threads import AGENT, COLLEAGUE, CUSTOMER
from reinfer_pandas.sandbox.topics import TONGUES, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from reinfer_pandas.sandbox.facts import Matter
    from reinfer_pandas.sandbox.people import Person
    from reinfer_pandas.sandbox.text import Mark, Value
    from reinfer_pandas.sandbox.topics import Topic


class Place(NamedTuple):
    """A mark, and the text it is in."""

    part: str
    message: int
    mark: Mark


Message = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """All that is known of a comment before its words.

    Attributes
    ----------
    languages : tuple of str
        That of the text; then, where the platform translated, that of the original.
    matter : Matter
        What fills the holes.
    role : int
        Who writes.
    mood : float
        Its sentiment, -1 to 1.
    """

    topic: Topic
    languages: tuple[str, ...]
    matter: Matter
    role: int
    position: int
    mood: float
    at_us: int
    sender: Person
    receiver: Person
    mailbox: str

    def filler(self, language: str) -> Callable[[str], Value]:
        """Return what fills the holes of sentences in a language."""
        return lambda hole: self.matter.value(hole, language)


def write_mail(draw: Random, brief: Brief) -> tuple[list[Message], list[Place]]:
    """Write an e-mail: one message, with subject, signature and addresses.

    Returns
    -------
    messages : list of dict
        As on the wire.
    places : list of Place
        Where the entities of the (translated) texts are.
    """
    choice = int(draw.random() * 60)  # of sentences: the same in both languages
    body = [_body(brief, language, choice) for language in brief.languages]
    message: Message = {"body": _texts(body)}
    parts = {"body": body[0]}
    subject = [_subject(brief, language, choice) for language in brief.languages]
    fate = draw.random()
    if fate >= 0.03:
        message["subject"] = {"text": ""} if fate < 0.04 else _texts(subject)
        parts |= {"subject": subject[0]} if fate >= 0.04 else {}
    if draw.random() < 0.7:
        parts["signature"] = _signature(draw, brief)
        message["signature"] = {"text": str(parts["signature"])}
    message |= _addresses(draw, brief)
    message["sent_at"] = timestamp(brief.at_us - brief.at_us % SECOND_US, 4)
    message["language"] = brief.languages[-1]
    places = [Place(part, 0, mark) for part, draft in parts.items() for mark in draft.marks]
    return [message], places


def write_talk(draw: Random, brief: Brief, *, is_spoken: bool) -> tuple[list[Message], list[Place]]:
    """Write a call or a chat: several messages, none with a subject."""
    messages: list[Message] = []
    places: list[Place] = []
    at_us, language = brief.at_us, brief.languages[0]
    for number, (role, sentence) in enumerate(_turns(draw, brief, language)):
        draft = Draft()
        draft.say(sentence, brief.filler(language))
        message: Message = {"body": {"text": str(draft)}, "language": language}
        if not is_spoken or number == 1:
            message["from"] = (brief.sender if role == CUSTOMER else brief.receiver).address
        message["sent_at"] = timestamp(at_us - at_us % SECOND_US, 4)
        messages.append(message)
        places += [Place("body", number, mark) for mark in draft.marks]
        at_us += int((4 + 40 * draw.random()) * SECOND_US)
    return messages, places


def _turns(draw: Random, brief: Brief, language: str) -> Iterator[tuple[int, str]]:
    """Yield who says what."""
    tongue = TONGUES[language]
    yield AGENT, tongue.hello
    yield CUSTOMER, pick(draw, brief.topic.lines[language])
    yield AGENT, pick(draw, tongue.replies)
    while draw.random() < 0.45:
        yield CUSTOMER, pick(draw, tongue.chasers)
        yield AGENT, pick(draw, tongue.replies)
    if brief.mood > -0.4:
        yield CUSTOMER, pick(draw, tongue.thanks)


def _sentence(brief: Brief, language: str, choice: int) -> str:
    """Return what this message has to say."""
    tongue = TONGUES[language]
    if brief.role != CUSTOMER:
        options: Sequence[str] = tongue.replies
    elif brief.position == 0:
        options = brief.topic.lines[language]
    else:
        options = tongue.thanks if brief.mood > 0.3 else tongue.chasers
    return _counted(options, choice)


def _counted(options: Sequence[str], choice: int) -> str:
    """Return the option that a choice, counted round, stands for."""
    return options[choice % len(options)]


def _body(brief: Brief, language: str, choice: int) -> Draft:
    draft = Draft()
    if choice == 59:
        return draft  # mail with nothing but a subject or an attachment
    tongue, fill = TONGUES[language], brief.filler(language)
    draft.add(f"{tongue.hello}\n\n")
    draft.say(_sentence(brief, language, choice), fill)
    if choice % 5 == 0 and brief.role == CUSTOMER and not brief.position and brief.mood < 0:
        draft.add("\n\n")
        draft.say(_counted(tongue.chasers, choice), fill)
    draft.add(f"\n\n{tongue.bye}")
    return draft


def _subject(brief: Brief, language: str, choice: int) -> Draft:
    draft = Draft()
    if brief.position:
        draft.add(TONGUES[language].reply_prefix)
    draft.say(_counted(brief.topic.subjects[language], choice), brief.filler(language))
    return draft


def _texts(drafts: Sequence[Draft]) -> dict[str, str]:
    """Return a text, and what it was translated from where it was."""
    texts = [str(draft) for draft in drafts]
    return {"text": texts[0], "translated_from": texts[1]} if texts[1:] else {"text": texts[0]}


def _signature(draw: Random, brief: Brief) -> Draft:
    draft = Draft()
    draft.add(brief.sender.name)
    if draw.random() < 0.4:
        draft.add("\n☎ " if draw.random() < 0.5 else "\n📞 ")
        draft.mark(brief.matter.value("phone", brief.languages[0]))
    return draft


def _addresses(draw: Random, brief: Brief) -> Message:
    inside = brief.role in {AGENT, COLLEAGUE}
    sender, receiver = brief.sender.address, brief.receiver.address
    message: Message = {"from": sender, "to": [receiver if inside else brief.mailbox]}
    if draw.random() < 0.15:
        message["cc"] = [brief.mailbox if inside else f"broker@{brief.sender.domain}"]
    if draw.random() < 0.02:
        message["bcc"] = [brief.mailbox]
    return message
