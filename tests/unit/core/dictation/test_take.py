import pytest

from sayso.core.dictation.take import CommittedText, Take, join_text


def test_committed_text_only_grows():
    take = Take(number=1, id="1")
    assert (take.committed, take.committed_bytes) == ((), 0)
    for text, end_bytes in (("One.", 100), ("Ghost.", 100), ("Ghost.", 40), ("Two.", 300)):
        take.commit(text, end_bytes)
    assert take.committed == (CommittedText("One.", 100), CommittedText("Two.", 300))
    assert take.committed_bytes == 300


@pytest.mark.parametrize(
    ("texts", "remainder", "whole"),
    [
        ([], "Hello.", "Hello."),
        (["One."], "", "One."),
        (["One.", "", "Two."], "Three.", "One. Two. Three."),
        (["今日は。"], "元気です。", "今日は。元気です。"),
    ],
)
def test_committed_text_is_joined_with_the_remainder(texts, remainder, whole):
    assert join_text([CommittedText(text, 1) for text in texts], remainder) == whole
