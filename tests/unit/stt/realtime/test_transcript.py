from __future__ import annotations

import pytest

from sayso.stt.realtime.transcript import (
    MAX_CHARS,
    MAX_ITEMS,
    ItemTranscript,
    TranscriptTooLongError,
)


@pytest.fixture
def items() -> ItemTranscript:
    return ItemTranscript()


def test_deltas_append_and_final_text_replaces_them(items: ItemTranscript) -> None:
    items.append("a", "Hel")
    items.append("a", "lo")
    assert (items.text, items.all_final, len(items)) == ("Hello", False, 1)
    items.commit("a", "")
    assert items.complete("a", "Hello.")
    assert (items.text, items.all_final) == ("Hello.", True)


def test_the_text_of_an_item_can_be_empty(items: ItemTranscript) -> None:
    items.commit("a", "")
    assert items.complete("a", "")
    assert (items.text, items.all_final) == ("", True)


def test_items_are_ordered_by_the_previous_item(items: ItemTranscript) -> None:
    items.commit("a", "")
    items.commit("c", "a")
    items.commit("b", "a")  # known later, spoken earlier
    items.complete("c", "three")
    items.complete("a", "one")
    items.complete("b", "two")
    assert items.text == "one two three"


def test_an_unknown_previous_item_is_ignored(items: ItemTranscript) -> None:
    items.commit("a", "other")
    items.commit("a", "a")
    items.complete("a", "one")
    assert items.text == "one"


def test_final_text_with_another_id_belongs_to_the_single_pending_item(
    items: ItemTranscript,
) -> None:
    items.commit("a", "")
    items.append("b", "Hel")
    assert items.complete("b", "Hello.")
    items.append("b", " more")
    items.commit("b", "")
    assert (items.text, items.all_final, len(items)) == ("Hello.", True, 1)


def test_a_commit_with_another_id_belongs_to_the_previous_deltas(items: ItemTranscript) -> None:
    items.append("a", "Hel")
    items.commit("b", "")
    assert items.complete("b", "Hello.")
    assert (items.text, len(items)) == ("Hello.", 1)


def test_a_commit_without_an_id_creates_an_item(items: ItemTranscript) -> None:
    items.commit("", "")
    assert (items.all_final, len(items)) == (False, 1)
    items.complete("a", "Hello.")
    assert (items.text, items.all_final, len(items)) == ("Hello.", True, 1)


def test_two_commits_without_ids_create_two_items(items: ItemTranscript) -> None:
    items.commit("", "")
    items.commit("", "")
    assert len(items) == 2


def test_an_unknown_id_is_a_new_item_if_two_are_pending(items: ItemTranscript) -> None:
    items.commit("a", "")
    items.commit("b", "a")
    items.complete("c", "see")
    assert (items.text, items.all_final, len(items)) == ("see", False, 3)


def test_final_text_without_a_commit_creates_an_item(items: ItemTranscript) -> None:
    assert not items.complete("a", "Hello.")
    items.append("b", "x")
    assert not items.complete("b", "Again.")
    assert items.text == "Hello. Again."


def test_control_characters_are_removed(items: ItemTranscript) -> None:
    items.complete("a", "a\x00b\x1b[2J\x7f\x9b\ud800 c\n\td\r")
    assert items.text == "ab[2J c\n\td"


def test_a_surrogate_pair_can_be_split_between_deltas(items: ItemTranscript) -> None:
    items.append("a", "so \ud83d")
    assert items.text == "so"
    items.append("a", "\ude00")
    assert items.text == "so 😀"


def test_items_and_text_are_limited(items: ItemTranscript) -> None:
    unnamed = ItemTranscript()
    for number in range(MAX_ITEMS):
        items.append(str(number), "")
        unnamed.commit("", "")
    with pytest.raises(TranscriptTooLongError):
        items.append("one more", "")
    with pytest.raises(TranscriptTooLongError):
        unnamed.commit("", "")
    with pytest.raises(TranscriptTooLongError):
        ItemTranscript().complete("a", "x" * (MAX_CHARS + 1))


def test_text_becomes_final_up_to_a_known_position() -> None:
    items = ItemTranscript()
    items.commit("a", "", 100)
    items.commit("b", "a", 200)
    items.commit("c", "b")
    items.complete("b", "Two.")
    assert items.take_final() is None  # the first is not final
    items.complete("a", "One.")
    assert items.take_final() == ("One. Two.", 200)
    assert items.take_final() is None
    items.complete("c", "Three.")
    assert items.take_final() is None  # its end is unknown
    items.commit("d", "c", 400)
    items.complete("d", "Four.")
    assert items.take_final() == ("Three. Four.", 400)


def test_a_position_before_the_previous_one_is_ignored() -> None:
    items = ItemTranscript()
    items.commit("a", "", 300)
    items.commit("b", "a", 200)
    items.complete("a", "One.")
    items.complete("b", "Two.")
    assert items.take_final() == ("One.", 300)
    assert items.take_final() is None
    assert items.text == "One. Two."
