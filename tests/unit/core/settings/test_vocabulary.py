from __future__ import annotations

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.file_format import from_dict
from sayso.core.settings.settings import Settings, put
from sayso.core.settings.vocabulary import MAX_KEYWORDS, check_prompt, parse_keywords


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" , ,", ()),
        ("Xenolab", ("Xenolab",)),
        ("Xenolab, AC-42 ,Anna Müller", ("Xenolab", "AC-42", "Anna Müller")),
        ("a,b,a", ("a", "b")),
    ],
)
def test_words_stand_between_commas(text: str, words: tuple[str, ...]) -> None:
    assert parse_keywords(text) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\nb", "The words stand on one line, with commas between them."),
        ("a\rb", "The words stand on one line, with commas between them."),
        ("ok, <b>", "“<b>” has < or > in it. Leave them out."),
        ("a > b", "“a > b” has < or > in it. Leave them out."),
        ("a\x00", "One of the words has a control character in it. Enter it again."),
        ("ok," + "x" * 81, "“xxxxxxxxxxxxxxxxxxxx…” has 81 characters. A word or name has 80"),
        (",".join(map(str, range(MAX_KEYWORDS + 1))), "There are 101 words. 100 are the most."),
    ],
    ids=range(7),
)
def test_what_a_server_would_refuse_is_not_a_setting(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_keywords(text)
    assert str(caught.value).startswith(sentence)
    with pytest.raises(ProblemError) as problem:
        put(Settings(), "endpoint.keywords", text)
    assert sentence in problem.value.problem.sentence
    kept, problems = from_dict({"endpoint": {"keywords": text, "model": "mine"}})
    assert (kept.endpoint.keywords, kept.endpoint.model, len(problems)) == ("", "mine", 1)


def test_a_prompt_has_a_longest_length() -> None:
    assert check_prompt("x" * 1024) == "x" * 1024
    with pytest.raises(ProblemError, match=r"It has 1025 characters. 1024 are the most."):
        put(Settings(), "endpoint.prompt", "x" * 1025)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("endpoint.dialect", "grpc", "It is one of: auto, openai, vllm, speaches, lemonade, "),
        ("endpoint.delay", "soon", "It is one of: empty, minimal, low, medium, high, xhigh."),
        ("endpoint.noise", "loud", "It is one of: empty, near_field, far_field."),
        ("endpoint.prompt", 7, "It is text."),
        ("endpoint.keywords", 7, "It is text."),
    ],
)
def test_a_wrong_value_is_answered_with_the_right_ones(
    key: str, value: object, sentence: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        put(Settings(), key, value)
    assert sentence in caught.value.problem.sentence
