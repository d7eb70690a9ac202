"""The sandbox's tenant: the same on every run, believable, and right about itself."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinfer_pandas.sandbox import Tenant
from reinfer_pandas.sandbox.annotations import Annotator
from reinfer_pandas.sandbox.attachments import content
from reinfer_pandas.sandbox.clock import END_US, START_US, timestamp
from reinfer_pandas.sandbox.data import Dataset
from reinfer_pandas.sandbox.text import Draft, Value, as_markup

TENANT = Tenant(comments=5_000, seed=0)
INBOX = TENANT.sources["acme/inbox"]
CALLS = TENANT.sources["acme/calls"]
CLAIMS = TENANT.datasets["acme/claims"]
ORDERS = TENANT.datasets["globex/orders"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERY_SOURCE = sorted(TENANT.sources)
FULL_SOURCES = [name for name in EVERY_SOURCE if len(TENANT.sources[name])]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|\+00:00)")


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


@cache
def annotated(dataset: Dataset = CLAIMS) -> list[tuple[dict, dict, Annotator, int]]:
    return [
        (annotator.source.write(rank).comment, annotator.annotate(rank), annotator, rank)
        for annotator, rank in dataset
    ]


def test_a_seed_gives_the_same_tenant_whatever_is_asked_for_first() -> None:
    one, other = Tenant(comments=200, seed=7), Tenant(comments=200, seed=7)
    source, twin = one.sources["globex/support"], other.sources["globex/support"]
    forwards = [source.encode(rank) for rank in range(len(source))]
    backwards = [twin.encode(rank) for rank in reversed(range(len(twin)))]
    assert forwards == backwards[::-1]


def test_another_seed_gives_another_tenant() -> None:
    texts = [Tenant(comments=50, seed=seed).sources["acme/inbox"].encode(3) for seed in (0, 1)]
    assert texts[0] != texts[1]


@given(st.integers(0, 400))
def test_the_sources_share_out_exactly_the_comments_asked_for(comments: int) -> None:
    assert sum(map(len, Tenant(comments=comments).sources.values())) == comments


def test_a_negative_number_of_comments_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Tenant(comments=-1)


@pytest.mark.parametrize("name", EVERY_SOURCE)
def test_comments_are_in_order_of_time_and_within_the_tenants_half_year(name: str) -> None:
    source = TENANT.sources[name]
    times = [source.at_us(rank) for rank in range(len(source))]
    assert times == sorted(times)
    assert all(START_US <= at_us <= END_US for at_us in times)


def test_some_comments_share_their_timestamp() -> None:
    times = Counter(INBOX.at_us(rank) for rank in range(len(INBOX)))
    assert sum(count > 1 for count in times.values()) > 20


@given(st.sampled_from(FULL_SOURCES), st.data())
def test_an_id_leads_back_to_its_comment(name: str, data: st.DataObject) -> None:
    source = TENANT.sources[name]
    rank = data.draw(st.integers(0, len(source) - 1))
    assert source.rank_of(source.id_of(rank)) == rank
    found = source.write(rank).comment
    assert found["uid"] == f"{found['source_id']}.{found['id']}" == source.uid_of(rank)


@given(st.text())
def test_no_other_text_is_an_id(text: str) -> None:
    assert INBOX.rank_of(text) is None
    assert CLAIMS.find(text) is None


def test_ids_are_unique_in_a_source_but_not_among_sources() -> None:
    ids = [{source.id_of(rank) for rank in range(len(source))} for source in (INBOX, CALLS)]
    assert len(ids[0]) == len(INBOX)
    bare = {each.removeprefix("call.").removesuffix(".wav") for each in ids[1]}
    assert bare <= ids[0]


@given(st.sampled_from(FULL_SOURCES), st.data())
def test_every_time_is_written_in_a_form_of_the_contract(name: str, data: st.DataObject) -> None:
    source = TENANT.sources[name]
    rank = data.draw(st.integers(0, len(source) - 1))
    found = source.write(rank).comment
    assert all(TIME.fullmatch(found[key]) for key in ("timestamp", "created_at", "last_modified"))
    assert us(found["timestamp"]) == source.at_us(rank)
    assert us(found["timestamp"]) <= us(found["created_at"]) <= us(found["last_modified"])


def test_times_come_with_no_three_and_six_digits_and_both_zones() -> None:
    matches = (TIME.fullmatch(INBOX.write(rank).comment["timestamp"]) for rank in range(300))
    forms = {(len(match[1] or ""), match[2]) for match in matches if match}
    assert {(0, "Z"), (4, "Z"), (7, "Z"), (7, "+00:00")} <= forms


@given(st.integers(0, 4 * 10**15), st.integers(0, 7))
def test_no_form_of_a_time_loses_any_of_it(at_us: int, form: int) -> None:
    assert us(timestamp(at_us, form)) == at_us


def test_spans_cover_their_text_in_characters_and_in_utf16_bytes() -> None:
    diverging = 0
    for comment, added, _, _ in annotated():
        for entity in added.get("entities", {}).get("predicted", []):
            assert ("span" in entity) == (len(entity["spans"]) == 1)
            for span in entity["spans"]:
                text = comment["messages"][span["message_index"]][span["content_part"]]["text"]
                by_chars = text[span["char_start"] : span["char_end"]]
                raw = text.encode("utf-16-le")
                by_bytes = raw[span["utf16_byte_start"] : span["utf16_byte_end"]].decode(
                    "utf-16-le"
                )
                assert by_chars == by_bytes != ""
                diverging += span["utf16_byte_start"] != 2 * span["char_start"]
    assert diverging > 100


@given(st.lists(st.text(), max_size=6))
def test_a_draft_marks_where_its_values_stand(texts: list[str]) -> None:
    draft = Draft()
    for number, text in enumerate(texts):
        if number % 2:
            draft.mark(Value("kind", text, text))
        else:
            draft.add(text)
    whole, raw = str(draft), str(draft).encode("utf-16-le", "surrogatepass")
    for mark in draft.marks:
        assert whole[mark.char_start : mark.char_end] == mark.formatted
        half = raw[mark.utf16_byte_start : mark.utf16_byte_end]
        assert half.decode("utf-16-le", "surrogatepass") == mark.formatted


@given(st.text())
def test_markup_leaves_cover_the_whole_text(text: str) -> None:
    leaves = [leaf for paragraph in as_markup(text) for leaf in paragraph["children"]]
    spans = [leaf["span"] for leaf in leaves if leaf["kind"] == "text"]
    covered = [text[span["char_start"] : span["char_end"]] for span in spans]
    assert [line for line in covered if line] == [line for line in text.split("\n") if line]


def test_thread_properties_are_those_of_the_threads_comments() -> None:
    by_thread: dict[str, list[dict]] = {}
    for rank in range(len(INBOX)):
        comment = INBOX.write(rank).comment
        by_thread.setdefault(comment.get("thread_id", f"alone {rank}"), []).append(comment)
    for rank in range(0, len(INBOX), 7):
        comment, found = INBOX.write(rank).comment, INBOX.thread_properties(rank)
        if "thread_id" not in comment:
            assert found is None
            continue
        mates = by_thread[comment["thread_id"]]
        senders = [mate["messages"][0]["from"] for mate in mates]
        times = [us(mate["timestamp"]) for mate in mates]
        assert found["num_messages"] == len(mates)
        assert found["num_participants"] == len(set(senders))
        assert found["first_sender"] == senders[0]
        assert [mate["id"] for mate in mates][found["thread_position"]] == comment["id"]
        assert found["duration"] == ((times[-1] - times[0]) / 1e6 if times[1:] else None)
        replies = [
            at for at, who in zip(times, senders, strict=True) if who.endswith("@acme.example")
        ]
        assert found["response_time"] == ((replies[0] - times[0]) / 1e6 if replies else None)


def test_mail_has_the_gaps_that_mail_has() -> None:
    comments = [INBOX.write(rank).comment for rank in range(len(INBOX))]
    messages = [comment["messages"][0] for comment in comments]
    for has_gap in (
        lambda comment, message: "thread_id" not in comment,
        lambda comment, message: "subject" not in message,
        lambda comment, message: message.get("subject") == {"text": ""},
        lambda comment, message: message["body"]["text"] == "",
        lambda comment, message: "signature" not in message,
        lambda comment, message: comment["user_properties"] == {},
        lambda comment, message: comment["attachments"] != [],
        lambda comment, message: "cc" in message,
    ):
        count = sum(map(has_gap, comments, messages))
        assert 0 < count < len(comments)
    assert {len(comment["messages"]) for comment in comments} == {1}


def test_translated_messages_keep_their_original_and_its_language() -> None:
    messages = [INBOX.write(rank).comment["messages"][0] for rank in range(len(INBOX))]
    assert {message["language"] for message in messages} == {"en", "de", "fr", "es", "ja", "ar"}
    for message in messages:
        assert ("translated_from" in message["body"]) == (message["language"] != "en")
    japanese = [each["body"]["translated_from"] for each in messages if each["language"] == "ja"]
    assert all("お世話" in text for text in japanese if text)


def test_calls_have_several_messages_and_no_subject() -> None:
    for rank in range(len(CALLS)):
        comment = CALLS.write(rank).comment
        assert len(comment["messages"]) >= 3
        assert all("subject" not in message for message in comment["messages"])
        assert "thread_id" not in comment


def test_user_properties_are_of_both_kinds_and_one_name_is_in_both() -> None:
    support = TENANT.sources["globex/support"]
    found = [support.user_properties(rank) for rank in range(len(support))]
    for properties in found:
        for name, value in properties.items():
            assert isinstance(value, str if name.startswith("string:") else (int, float))
    names = set().union(*found)
    assert {"string:Priority", "number:Priority", "string:Größe (S/M/L)"} <= names
    assert {type(each["number:Order Value"]) for each in found if each} == {int, float}


def test_labels_come_in_every_form_of_the_contract() -> None:
    predicted, assigned = [], []
    for _, added, _, _ in annotated():
        (group,) = added["labelling"]
        predicted += group.get("predicted", [])
        assigned += group["assigned"]
    assert {type(label["name"]) for label in predicted} == {str, list}
    assert all(-1 <= label["sentiment"] <= 1 for label in predicted)
    assert all(0 < label["probability"] < 1 for label in predicted)
    assert {label["sentiment"] for label in assigned} == {"positive", "negative"}
    assert max(label["name"].count(" > ") for label in assigned) == 2


def test_a_dataset_without_sentiment_has_none_but_positive() -> None:
    groups = [added["labelling"][0] for _, added, _, _ in annotated(ORDERS)]
    assert all("sentiment" not in label for group in groups for label in group.get("predicted", []))
    assert {label["sentiment"] for group in groups for label in group["assigned"]} == {"positive"}


def test_the_newest_comments_wait_for_their_predictions() -> None:
    for comment, added, annotator, rank in annotated():
        is_known = "predicted" in added["labelling"][0]
        assert is_known == (rank < 0.98 * len(annotator.source)) == ("model_version" in added)
        assert comment["has_annotations"] == annotator.source.is_reviewed(rank)


def test_late_payouts_grow_and_one_team_gets_slower_with_them() -> None:
    halves: dict[tuple[bool, bool], list[float]] = {}
    counts: Counter[bool] = Counter()
    for thread in INBOX.threads:
        is_late = INBOX.plan.topics[thread.topic].label == "Payment > Late payout"
        is_second = thread.times_us[0] > (START_US + END_US) / 2
        counts[is_second] += is_late
        found = INBOX.thread_properties(thread.ranks[0])
        if is_late and found and found["response_time"]:
            is_motor = INBOX.team(thread.ranks[0]).name == "Motor"
            halves.setdefault((is_motor, is_second), []).append(found["response_time"])
    assert counts[True] > 1.7 * counts[False]
    assert median(halves[True, True]) > 2.5 * median(halves[False, True])


def test_people_write_on_working_days() -> None:
    times = (datetime.fromtimestamp(INBOX.at_us(rank) / 1e6, UTC) for rank in range(len(INBOX)))
    days = Counter(at.weekday() for at in times)
    assert days[5] + days[6] < 0.1 * len(INBOX)


def test_an_attachments_reference_leads_to_as_many_bytes_as_its_size() -> None:
    held = [each for rank in range(500) for each in INBOX.write(rank).comment["attachments"]]
    stored = [each for each in held if "attachment_reference" in each]
    assert 0 < len(stored) < len(held)
    for each in stored:
        assert len(content(each["attachment_reference"]) or b"") == each["size"]


@given(st.text())
def test_no_other_text_is_a_reference(text: str) -> None:
    assert content(text) is None
