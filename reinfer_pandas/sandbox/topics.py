"""What people write about: one record per topic, with its sentences in six languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topic:
    """One matter, as mail and as a label.

    Attributes
    ----------
    label : str
        The label's joined name.
    share : float
        Weight among the project's topics.
    growth : float
        The weight at the end of the tenant's time over that at its start.
    sentiment : float
        Its usual sentiment, -1 to 1.
    subjects, lines : Mapping of str to tuple of str
        By language. ``{holes}`` are filled from the thread's facts.
    """

    label: str
    share: float
    sentiment: float
    growth: float = 1.0
    subjects: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, tuple[str, ...]]

    @property
    def parts(self) -> tuple[str, ...]:
        """The label's name as the list of its parts."""
        return tuple(self.label.split(" > "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language: the words around the matter."""

    hello: str
    bye: str
    replies: tuple[str, ...]
    chasers: tuple[str, ...]
    thanks: tuple[str, ...]
    reply_prefix: str = "Re: "


TONGUES: Mapping[str, Tongue] = {
    "en": Tongue(
        hello="Hello,",
        bye="Kind regards,",
        replies=(
            "Thank you for your message. We have added a note to {ref} and will reply by {later}.",
            "I have looked into {ref} for you: {money} is right, and nothing is left to do.",
            "Sorry for the wait. A colleague is on {ref} and will call you on {later}.",
            "Could you send us a copy of the paperwork for {ref}? A photo is fine 📎",
        ),
        chasers=(
            "I still have not heard back about {ref}. When will this be settled?",
            "Following up on the below, please: {ref} has been open since {date}.",
            "This is the third time I write 😠 What is happening with {ref}?",
        ),
        thanks=(
            "That is sorted then, thank you very much 🙏",
            "Great, thanks for the quick answer on {ref}!",
            "Received, many thanks.",
        ),
    ),
    "de": Tongue(
        hello="Guten Tag,",
        bye="Mit freundlichen Grüßen",
        replies=(
            "vielen Dank für Ihre Nachricht. Zu {ref} melden wir uns bis {later}.",
            "wir haben {ref} geprüft, der Betrag von {money} ist korrekt.",
        ),
        chasers=("zu {ref} habe ich noch immer keine Antwort. Wann wird das erledigt?",),
        thanks=("wunderbar, herzlichen Dank für die schnelle Hilfe 👍",),
        reply_prefix="AW: ",
    ),
    "fr": Tongue(
        hello="Bonjour,",
        bye="Bien cordialement,",
        replies=(
            "Merci pour votre message. Nous revenons vers vous au sujet de {ref} le {later}.",
        ),
        chasers=("Je n'ai toujours pas de réponse au sujet de {ref}. Où en est-on ?",),
        thanks=("C'est parfait, merci beaucoup 😊",),
        reply_prefix="RE: ",
    ),
    "es": Tongue(
        hello="Buenos días:",
        bye="Un saludo,",
        replies=("Gracias por su mensaje. Le responderemos sobre {ref} antes del {later}.",),
        chasers=("Sigo sin respuesta sobre {ref}. ¿Cuándo se resolverá?",),
        thanks=("Perfecto, ¡muchas gracias! 😊",),
        reply_prefix="RE: ",
    ),
    "ja": Tongue(
        hello="お世話になっております。",
        bye="よろしくお願いいたします。",
        replies=("ご連絡ありがとうございます。{ref}につきまして、{later}までにご返信いたします。",),
        chasers=("{ref}の件、まだお返事をいただいておりません。ご確認をお願いします。",),
        thanks=("迅速なご対応、誠にありがとうございました🙇",),
        reply_prefix="Re: ",
    ),
    "ar": Tongue(
        hello="السلام عليكم،",
        bye="مع خالص التحية،",
        replies=("شكرًا لرسالتكم. سنرد بشأن {ref} قبل {later}.",),
        chasers=("لم أتلقَّ ردًا بعد بشأن {ref}. متى ستُحل المسألة؟",),
        thanks=("ممتاز، شكرًا جزيلًا لكم 🌹",),
        reply_prefix="رد: ",
    ),
}
