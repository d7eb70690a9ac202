"""The comment filter: which comments a request is about.

Source: Re:infer API guide, comment filters. Both ends of a time range are inclusive; strings match
whatever their case; several keys must all match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reinfer_pandas.sandbox.answers import RefusedError
from reinfer_pandas.sandbox.checks import (
    as_array,
    as_fields,
    as_instant_us,
    as_object,
    as_option,
    as_text,
    as_texts,
)
from reinfer_pandas.sandbox.conditions import of_any, read_number, read_participant, read_string

if TYPE_CHECKING:
    from reinfer_pandas.sandbox.annotations import Annotator
    from reinfer_pandas.sandbox.source import Source


@dataclass(frozen=True, slots=True)
class Row:
    """A comment as filters see it; the annotator is None where a source is asked."""

    source: Source
    rank: int
    annotator: Annotator | None = None


Test = Callable[[Row], bool]
_THREAD_STRINGS = {"first_sender": "first_sender"}
_THREAD_NUMBERS = (
    "thread_position",
    "num_messages",
    "num_participants",
    "duration",
    "response_time",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter, read: the time range [us], and the tests on each comment in it."""

    minimum_us: int | None
    maximum_us: int | None
    tests: tuple[Test, ...]

    def takes(self, row: Row) -> bool:
        """Tell whether a comment in the time range is selected."""
        return all(test(row) for test in self.tests)


def read_filter(value: object) -> Selection:
    """Read a comment filter, or refuse it.

    Parameters
    ----------
    value : object
        The parsed JSON; None is no filter.
    """
    found = as_fields(value, (*_READERS, "timestamp"))
    times = as_fields(found.get("timestamp"), ("minimum", "maximum"))
    minimum, maximum = (
        None if times.get(end) is None else as_instant_us(times[end])
        for end in ("minimum", "maximum")
    )
    tests = [
        test
        for key, reader in _READERS.items()
        if found.get(key) is not None
        for test in reader(found[key])
    ]
    return Selection(minimum, maximum, tuple(tests))


# one reader per key


def _reviewed(value: object) -> Iterable[Test]:
    wanted = as_option(value, ("only_reviewed", "only_unreviewed")) == "only_reviewed"
    yield lambda row: _is_reviewed(row) is wanted


def _is_reviewed(row: Row) -> bool:
    if row.annotator:
        return row.annotator.labels.is_reviewed(row.rank)
    return row.source.is_reviewed(row.rank)


def _sources(value: object) -> Iterable[Test]:
    wanted = frozenset(as_texts(value))
    yield lambda row: row.source.plan.id in wanted


def _user_properties(value: object) -> Iterable[Test]:
    for name, condition in as_object(value).items():
        kind, colon, _ = name.partition(":")
        if not colon or kind not in {"string", "number"}:
            raise RefusedError(400, f"{name!r} does not match '^(string|number):'")
        matches = read_string(condition) if kind == "string" else read_number(condition)
        yield _on_property(name, matches)


def _on_property(name: str, matches: Callable[[Any], bool]) -> Test:
    return lambda row: matches(row.source.user_properties(row.rank).get(name))


def _messages(value: object) -> Iterable[Test]:
    found = as_fields(value, ("from", "recipient", "to", "cc", "bcc"))
    for key, condition in found.items():
        keys = ("to", "cc", "bcc") if key == "recipient" else (key,)
        is_person = key in {"from", "recipient"}
        matches = read_participant(condition) if is_person else of_any(read_string(condition))
        yield _on_addresses(keys, matches)


def _on_addresses(keys: tuple[str, ...], matches: Callable[[list[str]], bool]) -> Test:
    def test(row: Row) -> bool:
        found: list[str] = []
        for message in row.source.write(row.rank).comment["messages"]:
            for key in keys:
                held = message.get(key, [])
                found += [held] if isinstance(held, str) else held
        return matches(found)

    return test


def _thread_properties(value: object) -> Iterable[Test]:
    keys = ("id", "all_senders", "all_recipients", "first_recipients")
    found = as_fields(value, (*keys, *_THREAD_STRINGS, *_THREAD_NUMBERS))
    for key, condition in found.items():
        if key == "id":
            yield _on_thread_id(read_string(condition))
        elif key in _THREAD_NUMBERS or key in _THREAD_STRINGS:
            is_text = key in _THREAD_STRINGS
            matches = read_string(condition) if is_text else read_number(condition)
            yield _on_thread(key, matches)
        elif key == "all_senders":
            yield _on_senders(of_any(read_string(condition)))
        else:
            raise RefusedError(400, f"the sandbox's threads have no {key!r}")


def _on_thread_id(matches: Callable[[Any], bool]) -> Test:
    return lambda row: matches(row.source.thread_id(row.rank))


def _on_thread(key: str, matches: Callable[[Any], bool]) -> Test:
    return lambda row: matches((row.source.thread_properties(row.rank) or {}).get(key))


def _on_senders(matches: Callable[[list[str]], bool]) -> Test:
    return lambda row: matches(
        [row.source.sender(rank).address for rank in row.source.thread_of(row.rank).ranks]
    )


def _entities(value: object) -> Iterable[Test]:
    for condition in as_array(as_fields(value, ("presence",)).get("presence")):
        found = as_fields(condition, ("id", "kind", "rule"))
        wanted = as_text(found.get("kind"), found.get("id"))
        is_present = as_option(found.get("rule"), ("present", "missing")) == "present"
        yield _on_entities(wanted, is_present)


def _on_entities(wanted: object, is_present: bool) -> Test:
    def test(row: Row) -> bool:
        found = row.annotator.entities.found(row.rank) if row.annotator else ()
        return any(wanted in {entity["id"], entity["kind"]} for entity in found) is is_present

    return test


def _trigger_exceptions(value: object) -> Iterable[Test]:
    for condition in as_object(value).values():
        yield _on_no_exception(read_string(condition))


def _on_no_exception(matches: Callable[[str | None], bool]) -> Test:
    return lambda _row: matches(None)


def _annotations(value: object) -> Iterable[Test]:
    matches = of_any(read_string(as_fields(value, ("labels",)).get("labels")))

    def test(row: Row) -> bool:
        names = row.annotator.labels.assigned_names(row.rank) if row.annotator else ()
        return matches(list(names))

    yield test


_READERS: Mapping[str, Callable[[Any], Iterable[Test]]] = {
    "reviewed": _reviewed,
    "sources": _sources,
    "user_properties": _user_properties,
    "messages": _messages,
    "thread_properties": _thread_properties,
    "entities": _entities,
    "trigger_exceptions": _trigger_exceptions,
    "annotations": _annotations,
}
