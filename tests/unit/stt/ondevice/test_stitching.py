import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.ondevice.stitching import TextPart, join, overlap_words

JOINED = {
    "nothing": ([], ""),
    "silence": ([("",), ("  ",)], ""),
    "one part": ([(" Hello there. ",)], "Hello there."),
    "a pause keeps its punctuation": (
        [("I came home.",), ("It was late.",)], "I came home. It was late.",
    ),
    "an empty part in between": ([("One.",), ("",), ("Two.",)], "One. Two."),
    "a full stop inside speech is removed": (
        [("We walked to the.", "hard"), ("River bank.",)], "We walked to the river bank.",
    ),
    "three dots inside speech are removed": (
        [("We walked to...", "hard"), ("The river.",)], "We walked to the river.",
    ),
    "an ellipsis inside speech is removed": (
        [("We walked to…", "hard"), ("The river.",)], "We walked to the river.",
    ),
    "a question mark is kept": ([("Did you?", "hard"), ("Yes.",)], "Did you? yes."),
    "I stays upper case": ([("He said,", "hard"), ("I know.",)], "He said I know."),
    "I'm stays upper case": ([("and so", "hard"), ("I'm late.",)], "and so I'm late."),
    "abbreviations stay upper case": (
        [("made by the", "hard"), ("BBC in London.",)], "made by the BBC in London.",
    ),
    "a gap keeps its punctuation": ([("We came,", "gap"), ("We saw.",)], "We came, We saw."),
    "words decoded twice at a gap": (
        [("The child almost hurt the.", "gap"), ("The child almost hurt the small dog.",)],
        "The child almost hurt the small dog.",
    ),
    "the end comes from the second copy": (
        [("and then we went home.", "hard"), ("Then we went home, quickly.",)],
        "and then we went home, quickly.",
    ),
    "two words may be said twice": (
        [("come on", "gap"), ("come on now",)], "come on come on now",
    ),
    "a sentence may be said twice across a pause": (
        [("I like it here.",), ("I like it here.",)], "I like it here. I like it here.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "text"), JOINED.values(), ids=JOINED)
def test_parts_are_joined(parts, text):
    assert join(TextPart(*part) for part in parts) == text


def test_languages_without_spaces_are_joined_without_spaces():
    parts = [TextPart("今日は。", "hard"), TextPart("元気です。")]
    assert join(parts, spaced=False) == "今日は。元気です。"


OVERLAPS = {
    "none": ("one two three", "four five", 0),
    "without case and punctuation": ("so it is, Then.", "It is then we go", 3),
    "the longest": ("a b a b a b", "a b a b a b c", 6),
    "too few words": ("one two", "one two three", 0),
    "an apostrophe matters": ("we are its own", "are it's own", 0),
}


@pytest.mark.parametrize(("before", "after", "count"), OVERLAPS.values(), ids=OVERLAPS)
def test_words_on_both_sides_of_a_boundary_are_counted(before, after, count):
    assert overlap_words(before, after) == count


WORDS = st.lists(st.sampled_from(["The", "dog", "ran.", "I", "…", "home,"]), max_size=8)


@given(st.lists(st.tuples(WORDS, st.sampled_from(["pause", "gap", "hard"])), max_size=5))
def test_no_word_is_added_and_the_order_is_kept(rows):
    said = " ".join(" ".join(words) for words, _ in rows).lower().split()
    text = join(TextPart(" ".join(words), boundary) for words, boundary in rows)
    assert "  " not in text
    assert text == text.strip()
    rest = iter(word.strip(".,…") for word in said)
    assert all(word.strip(".,…") in rest for word in text.lower().split() if word.strip(".,…"))
