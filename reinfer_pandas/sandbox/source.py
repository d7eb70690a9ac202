"""A source: what is known of its comments before any is written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reinfer_pandas.sandbox.clock import SECOND_US
from reinfer_pandas.sandbox.comments import encode_comment, write_comment
from reinfer_pandas.sandbox.dice import even, scatter
from reinfer_pandas.sandbox.facts import amount
from reinfer_pandas.sandbox.people import Person, agent, customer
from reinfer_pandas.sandbox.threads import CUSTOMER, Thread, plan_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from reinfer_pandas.sandbox.plans import SourcePlan, Team
    from reinfer_pandas.sandbox.topics import Topic

_ODD = 0x9E3779B97F4A7C15  # scatters ranks over 64 bits, and can be undone
_BACK = pow(_ODD, -1, 1 << 64)
_HEX = frozenset("0123456789abcdef")
_AT_HAND = 1_024  # comments in memory as objects
_KEPT = 20_000  # and as JSON


class _Keys(NamedTuple):
    """One sequence of draws for each thing that is drawn."""

    lag: int
    noise: int
    thanks: int
    gaps: int
    urgency: int
    words: int
    matter: int


class Source:
    """A source and its comments, in order of time; a comment is named by its rank in it.

    Parameters
    ----------
    plan : SourcePlan
        What is in it.
    number : int
        Among the tenant's sources.
    count : int
        How many comments.
    seed : int
        The tenant's.
    """

    def __init__(self, plan: SourcePlan, *, number: int, count: int, seed: int) -> None:
        self.plan = plan
        self.number = number
        self.seed = seed
        self.threads, self.seeds = plan_threads(plan, count=count, seed=seed)
        self.mailbox = f"{plan.name}@{plan.project}.example"
        self.keys = _Keys(*(scatter(seed, number, salt) for salt in range(len(_Keys._fields))))
        self.reviewers: list[Callable[[int], bool]] = []  # the datasets', set by the tenant
        self._at_us = [seed.at_us for seed in self.seeds]
        self.mood = lru_cache(maxsize=_AT_HAND)(self._mood)
        self.write = lru_cache(maxsize=_AT_HAND)(lambda rank: write_comment(self, rank))
        self.encode = lru_cache(maxsize=_KEPT)(
            lambda rank, with_markup=False: encode_comment(self, rank, with_markup=with_markup)
        )

    def __len__(self) -> int:
        return len(self.seeds)

    # names and places

    def between(self, minimum_us: int | None, maximum_us: int | None) -> range:
        """Return the ranks in a time range, both ends inclusive [us]."""
        first = 0 if minimum_us is None else bisect_left(self._at_us, minimum_us)
        last = len(self) if maximum_us is None else bisect_right(self._at_us, maximum_us)
        return range(first, max(first, last))

    def id_of(self, rank: int) -> str:
        """Return a comment's id."""
        before, after = self.plan.id_frame
        return f"{before}{(rank + 1) * _ODD % (1 << 64):016x}{after}"

    def rank_of(self, comment_id: str) -> int | None:
        """Return the rank of the comment with this id; None where there is none."""
        before, after = self.plan.id_frame
        digits = comment_id.removeprefix(before).removesuffix(after)
        if len(digits) != 16 or not set(digits) <= _HEX:
            return None
        rank = int(digits, 16) * _BACK % (1 << 64) - 1
        return rank if 0 <= rank < len(self) and self.id_of(rank) == comment_id else None

    def uid_of(self, rank: int) -> str:
        """Return a comment's uid."""
        return f"{self.plan.id}.{self.id_of(rank)}"

    def thread_of(self, rank: int) -> Thread:
        """Return a comment's thread."""
        return self.threads[self.seeds[rank].thread]

    def thread_id(self, rank: int) -> str | None:
        """Return a comment's thread's id; None where it stands alone."""
        thread = self.thread_of(rank)
        return None if thread.lone else self.name_thread(thread)

    def name_thread(self, thread: Thread) -> str:
        """Return a thread's id."""
        return f"{(thread.number + 1 + (self.number << 40)) * _ODD % (1 << 48):012x}"

    # what is known of a comment

    def at_us(self, rank: int) -> int:
        """Return when it was sent [us since 1970]."""
        return self._at_us[rank]

    def created_us(self, rank: int) -> int:
        """Return when it was taken in [us since 1970]: soon after, and later for a few."""
        draw = even(self.keys.lag, rank)
        lag_us = int(3 * SECOND_US + 200 * SECOND_US * draw**8 * (400 if draw > 0.98 else 1))
        return self._at_us[rank] + lag_us

    def is_reviewed(self, rank: int) -> bool:
        """Tell whether somebody has labelled it, in any dataset."""
        return any(is_reviewed(rank) for is_reviewed in self.reviewers)

    def topic(self, rank: int) -> Topic:
        """Return what it is about."""
        return self.plan.topics[self.thread_of(rank).topic]

    def team(self, rank: int) -> Team:
        """Return whose it is."""
        return self.plan.teams[self.thread_of(rank).team]

    def role(self, rank: int) -> int:
        """Return who wrote it."""
        seed = self.seeds[rank]
        return self.threads[seed.thread].roles[seed.position]

    def _mood(self, rank: int) -> float:
        """Return its sentiment, -1 to 1."""
        seed = self.seeds[rank]
        noise = 0.7 * (even(self.keys.noise, rank) - 0.5)
        if self.role(rank) != CUSTOMER:
            return max(-1.0, min(1.0, 0.15 + noise / 2))
        is_thanks = seed.position > 0 and even(self.keys.thanks, rank) < 0.45
        base = 0.8 if is_thanks else self.topic(rank).sentiment - 0.2 * (seed.position > 0)
        return max(-1.0, min(1.0, base + noise))

    def customer(self, rank: int) -> Person:
        """Return the customer of its thread."""
        thread = self.thread_of(rank)
        return customer(self.seed, thread.customer, thread.language)

    def sender(self, rank: int) -> Person:
        """Return who wrote it, as a person."""
        thread, role = self.thread_of(rank), self.role(rank)
        if role == CUSTOMER:
            return self.customer(rank)
        return agent(self.seed, self.team(rank).name, thread.number % 5 + role, self.plan.project)

    def user_properties(self, rank: int) -> dict[str, str | float]:
        """Return its user properties, as on the wire."""
        thread, fate = self.thread_of(rank), even(self.keys.gaps, rank)
        if fate < 0.02:
            return {}
        urgency = 1 + int(even(self.keys.urgency, thread.number) ** 2 * 4)
        found: dict[str, str | float] = {
            "string:Sender Domain": self.sender(rank).domain,
            "number:Priority": urgency,
        }
        if fate < 0.97:
            found["string:Team"] = self.team(rank).name
        money = amount(self.seed, self.number, thread.number)
        if self.plan.project == "globex":
            found["string:Priority"] = ("low", "normal", "high", "urgent")[urgency - 1]
            found["string:Größe (S/M/L)"] = "SML"[thread.number % 3]
            found["number:Order Value"] = int(money) if money > 900 else money
        elif fate < 0.8:
            found["string:Country"] = self.customer(rank).country
            found["number:Claim Value"] = money
        return found

    def thread_properties(self, rank: int) -> dict[str, Any] | None:
        """Return the properties of its thread, counted from the thread itself.

        ``response_time`` is from the first message to the first by the other side. None where
        the comment stands alone.
        """
        thread = self.thread_of(rank)
        if thread.lone:
            return None
        senders = [self.sender(other).address for other in thread.ranks]
        times = thread.times_us
        replies = [
            at_us for at_us, role in zip(times, thread.roles, strict=True) if role != CUSTOMER
        ]
        return {
            "duration": (times[-1] - times[0]) / SECOND_US if times[1:] else None,
            "response_time": (replies[0] - times[0]) / SECOND_US if replies else None,
            "num_messages": len(times),
            "num_participants": len(set(senders)),
            "first_sender": senders[0],
            "thread_position": self.seeds[rank].position,
        }
