"""The threads of a source, as cheap seeds of the comments to come.

Everything about a comment that costs time to make is left for when it is asked for; a thread
holds only what the order of comments and the thread's own properties depend on.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from reinfer_pandas.sandbox.clock import (
    END_US,
    HOUR_US,
    SECOND_US,
    START_US,
    Calendar,
    at_work,
    elapsed_share,
    rounded,
)
from reinfer_pandas.sandbox.dice import dice

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.plans import SourcePlan

_LENGTHS = (0.36, 0.64, 0.8, 0.9, 0.95, 0.975, 0.99, 1.0)  # messages in a thread, cumulative
CUSTOMER, AGENT, COLLEAGUE = 0, 1, 2


@dataclass(slots=True, eq=False)
class Thread:
    """The skeleton of an exchange.

    Attributes
    ----------
    times_us : list of int
        Microseconds since 1970, ascending.
    roles : list of int
        Who wrote each message.
    ranks : list of int
        Where its comments stand in the source, set once all are known.
    lone : bool
        A single message to which the platform gave no thread.
    """

    number: int
    topic: int
    customer: int
    team: int
    language: str
    times_us: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    lone: bool = False


class Seed(NamedTuple):
    """One comment to come, in the source's order."""

    at_us: int
    thread: int
    position: int


def plan_threads(plan: SourcePlan, *, count: int, seed: int) -> tuple[list[Thread], list[Seed]]:
    """Lay out the threads of a source, and its comments in order of time.

    Parameters
    ----------
    plan : SourcePlan
        The source.
    count : int
        How many comments.
    seed : int
        The tenant's seed.

    Returns
    -------
    threads : list of Thread
        In order of making.
    seeds : list of Seed
        ``count`` of them, ascending in time.
    """
    planner = _Planner(plan, seed=seed, count=count)
    threads: list[Thread] = []
    missing = count
    while missing > 0:
        thread = planner.next_thread(len(threads), at_most=missing)
        missing -= len(thread.times_us)
        threads.append(thread)
    seeds = sorted(
        Seed(at_us, thread.number, position)
        for thread in threads
        for position, at_us in enumerate(thread.times_us)
    )
    for rank, (_, number, _) in enumerate(seeds):
        threads[number].ranks.append(rank)
    return threads, seeds


class _Planner:
    """Draws one thread after the other."""

    def __init__(self, plan: SourcePlan, *, seed: int, count: int) -> None:
        self._plan = plan
        self._draw = dice(seed, *plan.id.encode())
        self._calendar = Calendar()
        self._languages = tuple(plan.languages)
        self._language_weights = list(accumulate(plan.languages.values()))
        self._teams = list(accumulate(team.share for team in plan.teams))
        self._customers = 60 + count // 12
        self._last_us = START_US

    def next_thread(self, number: int, *, at_most: int) -> Thread:
        """Draw a thread of ``at_most`` messages or fewer."""
        draw, plan = self._draw, self._plan
        start_us = self._start()
        thread = Thread(
            number=number,
            topic=self._topic(start_us),
            customer=int(draw.random() ** 1.5 * self._customers),
            team=bisect_right(self._teams, draw.random() * self._teams[-1]),
            language="",
        )
        thread.language = self._language(thread.customer)
        length = 1 if plan.kind != "unknown" else self._length()
        thread.lone = plan.kind != "unknown" or (length == 1 and draw.random() < 0.5)
        self._fill(thread, start_us, min(length, at_most))
        return thread

    def _start(self) -> int:
        """Draw when a thread starts; now and then together with the one before."""
        if self._draw.random() >= 0.04:
            self._last_us = self._calendar.draw(self._draw)
        return self._last_us

    def _topic(self, at_us: int) -> int:
        done = elapsed_share(at_us)
        weights = list(accumulate(topic.share * topic.growth**done for topic in self._plan.topics))
        return bisect_right(weights, self._draw.random() * weights[-1])

    def _language(self, number: int) -> str:
        """Return the customer's language: the same in all their threads."""
        place = dice(number, 7).random() * self._language_weights[-1]
        return self._languages[bisect_right(self._language_weights, place)]

    def _length(self) -> int:
        return bisect_right(_LENGTHS, self._draw.random()) + 1

    def _fill(self, thread: Thread, start_us: int, length: int) -> None:
        """Give a thread its messages, as many as fit before the end of time."""
        at_us, role = start_us, CUSTOMER
        for position in range(length):
            if position:
                role = self._next_role(role)
                at_us = self._later(thread, at_us, role)
            if at_us > END_US:
                break
            thread.times_us.append(rounded(at_us, thread.number + position))
            thread.roles.append(role)

    def _next_role(self, role: int) -> int:
        if role != CUSTOMER:
            return CUSTOMER if self._draw.random() < 0.85 else COLLEAGUE
        return AGENT if self._draw.random() < 0.88 else CUSTOMER

    def _later(self, thread: Thread, at_us: int, role: int) -> int:
        """Draw when the next message of a thread comes."""
        usual_h = 9.0 if role == CUSTOMER else self._response_h(thread)
        gap_us = int(usual_h * math.exp(self._draw.gauss(0.0, 0.5)) * HOUR_US) + SECOND_US
        return at_us + gap_us if role == CUSTOMER else at_work(at_us + gap_us)

    def _response_h(self, thread: Thread) -> float:
        team = self._plan.teams[thread.team]
        if team.slows_for != self._plan.topics[thread.topic].label:
            return team.response_h
        return float(team.response_h * (1 + 12 * elapsed_share(thread.times_us[0])))
