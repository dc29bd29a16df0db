import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.ondevice.stitching import TextPart, join, overlap_words

JOINED = {
    "nothing": ([], ""),
    "silence": ([TextPart(""), TextPart("  ")], ""),
    "one": ([TextPart(" Hello there. ")], "Hello there."),
    "a pause keeps its punctuation": (
        [TextPart("I came home."), TextPart("It was late.")],
        "I came home. It was late.",
    ),
    "an empty piece between": ([TextPart("One."), TextPart(""), TextPart("Two.")], "One. Two."),
    "inside speech the full stop goes": (
        [TextPart("We walked to the.", "hard"), TextPart("River bank.")],
        "We walked to the river bank.",
    ),
    "and the dots": ([TextPart("We walked to...", "hard"), TextPart("The river.")],
        "We walked to the river."),
    "and the ellipsis": ([TextPart("We walked to…", "hard"), TextPart("The river.")],
        "We walked to the river."),
    "a question mark stays": ([TextPart("Did you?", "hard"), TextPart("Yes.")], "Did you? yes."),
    "I stays": ([TextPart("He said,", "hard"), TextPart("I know.")], "He said I know."),
    "I'm stays": ([TextPart("and so", "hard"), TextPart("I'm late.")], "and so I'm late."),
    "capitals stay": ([TextPart("made by the", "hard"), TextPart("BBC in London.")],
        "made by the BBC in London."),
    "a gap keeps its punctuation": ([TextPart("We came,", "gap"), TextPart("We saw.")],
        "We came, We saw."),
    "words said twice at a gap": (
        [TextPart("The child almost hurt the.", "gap"), TextPart("The child almost hurt the small dog.")],  # noqa: E501
        "The child almost hurt the small dog.",
    ),
    "the second copy ends it": (
        [TextPart("and then we went home.", "hard"), TextPart("Then we went home, quickly.")],
        "and then we went home, quickly.",
    ),
    "two words may be said twice": (
        [TextPart("come on", "gap"), TextPart("come on now")], "come on come on now",
    ),
    "who pauses may repeat all": (
        [TextPart("I like it here."), TextPart("I like it here.")], "I like it here. I like it here.",  # noqa: E501
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "text"), JOINED.values(), ids=JOINED)
def test_pieces_become_one_text(pieces, text):
    assert join(pieces) == text


def test_languages_without_spaces_are_joined_without():
    assert (
        join([TextPart("今日は。", "hard"), TextPart("元気です。")], spaced=False)
        == "今日は。元気です。"
    )


OVERLAP = {
    "none": ("one two three", "four five", 0),
    "case and signs do not matter": ("so it is, Then.", "It is then we go", 3),
    "the longest": ("a b a b a b", "a b a b a b c", 6),
    "too few": ("one two", "one two three", 0),
    "an apostrophe matters": ("we are its own", "are it's own", 0),
}


@pytest.mark.parametrize(("before", "after", "count"), OVERLAP.values(), ids=OVERLAP)
def test_words_on_both_sides_of_a_seam(before, after, count):
    assert overlap_words(before, after) == count


WORDS = st.lists(st.sampled_from(["The", "dog", "ran.", "I", "…", "home,"]), max_size=8)


@given(st.lists(st.tuples(WORDS, st.sampled_from(["pause", "gap", "hard"])), max_size=5))
def test_no_word_is_made_up_and_order_is_kept(rows):
    said = " ".join(" ".join(words) for words, _ in rows).lower().split()
    text = join(TextPart(" ".join(words), seam) for words, seam in rows)
    assert "  " not in text
    assert text == text.strip()
    rest = iter(word.strip(".,…") for word in said)
    assert all(word.strip(".,…") in rest for word in text.lower().split() if word.strip(".,…"))
