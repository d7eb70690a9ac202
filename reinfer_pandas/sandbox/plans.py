"""The plan of the tenant: its projects, sources and datasets, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reinfer_pandas.sandbox import acme, globex
from reinfer_pandas.sandbox.dice import ident

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reinfer_pandas.sandbox.topics import Topic

TENANT = "acme-group"
TENANT_ID = ident("tenant", TENANT)
PROJECTS: Mapping[str, str] = {"acme": "Acme Insurance", "globex": "Globex Versand"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team: its share of the threads, and how fast it answers."""

    name: str
    response_h: float
    share: float
    slows_for: str = ""  # the label for which it gets slower, month by month


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourcePlan:
    """A source to be generated.

    Attributes
    ----------
    share : float
        Of the tenant's comments.
    id_frame : tuple of (str, str)
        What stands before and after the digits of a comment's id: any legal character will do.
    kind : str
        ``unknown`` (e-mail), ``call`` or ``chat``, as the API names it.
    languages : Mapping of str to float
        Weights of the languages that people write in.
    should_translate : bool
        Whether texts arrive translated into the source's language.
    """

    project: str
    name: str
    title: str
    share: float
    kind: str = "unknown"
    language: str = "en"
    should_translate: bool = False
    languages: Mapping[str, float] = field(default_factory=lambda: {"en": 1.0})
    topics: tuple[Topic, ...] = ()
    teams: tuple[Team, ...] = ()
    id_frame: tuple[str, str] = ("", "")

    @property
    def full_name(self) -> str:
        """``project/name``."""
        return f"{self.project}/{self.name}"

    @property
    def id(self) -> str:
        """The source's id."""
        return ident("source", self.full_name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DatasetPlan:
    """A dataset over some sources."""

    project: str
    name: str
    title: str
    description: str
    sources: tuple[str, ...]
    has_sentiment: bool = False
    model_version: int | None = 12
    flags: tuple[str, ...] = ()
    labels_of: tuple[Topic, ...] = ()

    @property
    def full_name(self) -> str:
        """``project/name``."""
        return f"{self.project}/{self.name}"

    @property
    def id(self) -> str:
        """The dataset's id."""
        return ident("dataset", self.full_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlan:
    """A bucket: the mail that a source was made from."""

    project: str
    name: str
    title: str
    source: str

    @property
    def id(self) -> str:
        """The bucket's id."""
        return ident("bucket", self.project, self.name)


_ACME_TEAMS = (
    Team(name="Motor", response_h=5.0, share=0.4, slows_for="Payment > Late payout"),
    Team(name="Home", response_h=6.0, share=0.25),
    Team(name="Travel", response_h=4.0, share=0.15),
    Team(name="Health", response_h=7.0, share=0.2),
)
_GLOBEX_TEAMS = (
    Team(name="Versand", response_h=9.0, share=0.65),
    Team(name="Retouren", response_h=14.0, share=0.35),
)
_EUROPE = {"en": 0.62, "de": 0.14, "fr": 0.09, "es": 0.07, "ja": 0.04, "ar": 0.04}

SOURCES: tuple[SourcePlan, ...] = (
    SourcePlan(
        project="acme",
        name="inbox",
        title="Claims inbox",
        share=0.6,
        should_translate=True,
        languages=_EUROPE,
        topics=acme.TOPICS,
        teams=_ACME_TEAMS,
    ),
    SourcePlan(
        project="acme",
        name="calls",
        title="Claims hotline",
        share=0.1,
        kind="call",
        id_frame=("call.", ".wav"),
        topics=acme.TOPICS,
        teams=_ACME_TEAMS,
    ),
    SourcePlan(project="acme", name="archive", title="Archive, not filled yet", share=0.0),
    SourcePlan(
        project="globex",
        name="support",
        title="Kundenservice",
        id_frame=("<", "@mail.globex.example>"),
        share=0.2,
        language="de",
        languages={"de": 0.7, "en": 0.12, "fr": 0.08, "es": 0.04, "ja": 0.03, "ar": 0.03},
        topics=globex.TOPICS,
        teams=_GLOBEX_TEAMS,
    ),
    SourcePlan(
        project="globex",
        name="chats",
        title="Chat",
        share=0.1,
        kind="chat",
        id_frame=("chat#", "?p=100%"),
        language="de",
        languages={"de": 0.8, "en": 0.2},
        topics=globex.TOPICS,
        teams=_GLOBEX_TEAMS,
    ),
)

DATASETS: tuple[DatasetPlan, ...] = (
    DatasetPlan(
        project="acme",
        name="claims",
        title="Claims",
        description="What customers write and say about their claims and policies",
        sources=("acme/inbox", "acme/calls"),
        has_sentiment=True,
        flags=("qos",),
        labels_of=acme.TOPICS,
    ),
    DatasetPlan(
        project="acme",
        name="hotline",
        title="Hotline",
        description="Calls alone",
        sources=("acme/calls",),
        model_version=3,
        labels_of=acme.TOPICS,
    ),
    DatasetPlan(
        project="acme",
        name="archive",
        title="Archive",
        description="",
        sources=("acme/archive",),
        model_version=None,
    ),
    DatasetPlan(
        project="globex",
        name="orders",
        title="Bestellungen",
        description="Post und Chat zu Bestellungen",
        sources=("globex/support", "globex/chats"),
        model_version=7,
        labels_of=globex.TOPICS,
    ),
)

BUCKETS: tuple[BucketPlan, ...] = (
    BucketPlan(project="acme", name="mail", title="Claims mail", source="acme/inbox"),
    BucketPlan(project="globex", name="post", title="", source="globex/support"),
)
