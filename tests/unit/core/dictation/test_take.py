"""What of a take is settled."""

from __future__ import annotations

import pytest

from sayso.core.dictation.take import CommittedText, Take, join_text


def test_nothing_is_settled_at_first() -> None:
    take = Take(number=1, id="1")
    assert (take.committed, take.committed_bytes) == ((), 0)


def test_what_is_settled_only_grows() -> None:
    take = Take(number=1, id="1")
    take.commit("One.", 100)
    take.commit("Ghost.", 100)
    take.commit("Ghost.", 40)
    take.commit("Two.", 300)
    assert take.committed == (CommittedText("One.", 100), CommittedText("Two.", 300))
    assert take.committed_bytes == 300


@pytest.mark.parametrize(
    ("texts", "rest", "whole"),
    [
        ([], "Hello.", "Hello."),
        (["One."], "", "One."),
        (["One.", "", "Two."], "Three.", "One. Two. Three."),
        (["今日は。"], "元気です。", "今日は。元気です。"),
    ],
)
def test_texts_are_joined_as_they_are_written(texts: list[str], rest: str, whole: str) -> None:
    assert join_text([CommittedText(text, 1) for text in texts], rest) == whole
