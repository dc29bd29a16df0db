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


def test_deltas_append_and_the_final_takes_their_place(items: ItemTranscript) -> None:
    items.append("a", "Hel")
    items.append("a", "lo")
    assert (items.text, items.all_final, len(items)) == ("Hello", False, 1)
    items.commit("a", "")
    assert items.complete("a", "Hello.")
    assert (items.text, items.all_final) == ("Hello.", True)


def test_an_item_may_end_empty(items: ItemTranscript) -> None:
    items.commit("a", "")
    assert items.complete("a", "")
    assert (items.text, items.all_final) == ("", True)


def test_items_stand_in_the_order_they_follow_each_other(items: ItemTranscript) -> None:
    items.commit("a", "")
    items.commit("c", "a")
    items.commit("b", "a")  # known later, spoken earlier
    items.complete("c", "three")
    items.complete("a", "one")
    items.complete("b", "two")
    assert items.text == "one two three"


def test_a_previous_item_that_is_not_known_moves_nothing(items: ItemTranscript) -> None:
    items.commit("a", "other")
    items.commit("a", "a")
    items.complete("a", "one")
    assert items.text == "one"


def test_a_final_under_another_name_belongs_to_the_one_item_that_waits(
    items: ItemTranscript,
) -> None:
    items.commit("a", "")
    items.append("b", "Hel")
    assert items.complete("b", "Hello.")
    items.append("b", " more")
    items.commit("b", "")
    assert (items.text, items.all_final, len(items)) == ("Hello.", True, 1)


def test_a_commit_under_another_name_belongs_to_the_deltas_before(items: ItemTranscript) -> None:
    items.append("a", "Hel")
    items.commit("b", "")
    assert items.complete("b", "Hello.")
    assert (items.text, len(items)) == ("Hello.", 1)


def test_a_commit_without_a_name_is_an_item(items: ItemTranscript) -> None:
    items.commit("", "")
    assert (items.all_final, len(items)) == (False, 1)
    items.complete("a", "Hello.")
    assert (items.text, items.all_final, len(items)) == ("Hello.", True, 1)


def test_two_commits_without_names_are_two_items(items: ItemTranscript) -> None:
    items.commit("", "")
    items.commit("", "")
    assert len(items) == 2


def test_with_two_waiting_a_stranger_stands_for_itself(items: ItemTranscript) -> None:
    items.commit("a", "")
    items.commit("b", "a")
    items.complete("c", "see")
    assert (items.text, items.all_final, len(items)) == ("see", False, 3)


def test_a_final_without_any_commit_is_an_item(items: ItemTranscript) -> None:
    assert not items.complete("a", "Hello.")
    items.append("b", "x")
    assert not items.complete("b", "Again.")
    assert items.text == "Hello. Again."


def test_what_presses_keys_or_breaks_files_is_left_out(items: ItemTranscript) -> None:
    items.complete("a", "a\x00b\x1b[2J\x7f\x9b\ud800 c\n\td\r")
    assert items.text == "ab[2J c\n\td"


def test_a_character_may_come_in_two_halves(items: ItemTranscript) -> None:
    items.append("a", "so \ud83d")
    assert items.text == "so"
    items.append("a", "\ude00")
    assert items.text == "so 😀"


def test_there_is_a_bound_to_items_and_to_text(items: ItemTranscript) -> None:
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


def test_text_settles_from_the_beginning_up_to_where_the_audio_is_known() -> None:
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
    assert items.take_final() is None  # nobody knows where it ends
    items.commit("d", "c", 400)
    items.complete("d", "Four.")
    assert items.take_final() == ("Three. Four.", 400)


def test_a_place_before_the_last_one_settles_nothing() -> None:
    items = ItemTranscript()
    items.commit("a", "", 300)
    items.commit("b", "a", 200)
    items.complete("a", "One.")
    items.complete("b", "Two.")
    assert items.take_final() == ("One.", 300)
    assert items.take_final() is None
    assert items.text == "One. Two."
