import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.ondevice.stitching import Piece, joined, overlap

JOINED = {
    "nothing": ([], ""),
    "silence": ([Piece(""), Piece("  ")], ""),
    "one": ([Piece(" Hello there. ")], "Hello there."),
    "a pause keeps its punctuation": (
        [Piece("I came home."), Piece("It was late.")],
        "I came home. It was late.",
    ),
    "an empty piece between": ([Piece("One."), Piece(""), Piece("Two.")], "One. Two."),
    "inside speech the full stop goes": (
        [Piece("We walked to the.", "hard"), Piece("River bank.")],
        "We walked to the river bank.",
    ),
    "and the dots": ([Piece("We walked to...", "hard"), Piece("The river.")],
        "We walked to the river."),
    "and the ellipsis": ([Piece("We walked to…", "hard"), Piece("The river.")],
        "We walked to the river."),
    "a question mark stays": ([Piece("Did you?", "hard"), Piece("Yes.")], "Did you? yes."),
    "I stays": ([Piece("He said,", "hard"), Piece("I know.")], "He said I know."),
    "I'm stays": ([Piece("and so", "hard"), Piece("I'm late.")], "and so I'm late."),
    "capitals stay": ([Piece("made by the", "hard"), Piece("BBC in London.")],
        "made by the BBC in London."),
    "a gap keeps its punctuation": ([Piece("We came,", "gap"), Piece("We saw.")],
        "We came, We saw."),
    "words said twice at a gap": (
        [Piece("The child almost hurt the.", "gap"), Piece("The child almost hurt the small dog.")],
        "The child almost hurt the small dog.",
    ),
    "the second copy ends it": (
        [Piece("and then we went home.", "hard"), Piece("Then we went home, quickly.")],
        "and then we went home, quickly.",
    ),
    "two words may be said twice": (
        [Piece("come on", "gap"), Piece("come on now")], "come on come on now",
    ),
    "who pauses may repeat all": (
        [Piece("I like it here."), Piece("I like it here.")], "I like it here. I like it here.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "text"), JOINED.values(), ids=JOINED)
def test_pieces_become_one_text(pieces, text):
    assert joined(pieces) == text


def test_languages_without_spaces_are_joined_without():
    assert (
        joined([Piece("今日は。", "hard"), Piece("元気です。")], spaced=False)
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
    assert overlap(before, after) == count


WORDS = st.lists(st.sampled_from(["The", "dog", "ran.", "I", "…", "home,"]), max_size=8)


@given(st.lists(st.tuples(WORDS, st.sampled_from(["pause", "gap", "hard"])), max_size=5))
def test_no_word_is_made_up_and_order_is_kept(rows):
    said = " ".join(" ".join(words) for words, _ in rows).lower().split()
    text = joined(Piece(" ".join(words), seam) for words, seam in rows)
    assert "  " not in text
    assert text == text.strip()
    rest = iter(word.strip(".,…") for word in said)
    assert all(word.strip(".,…") in rest for word in text.lower().split() if word.strip(".,…"))
