"""The contributor's guide must name paths that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (?P<question>[^|]+\?) \| `(?P<path>[^`]+)` \|$",
    (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
    re.MULTILINE,
)


def test_the_guide_answers_at_least_twenty_questions() -> None:
    assert len({question for question, _ in ROWS}) >= 20


@pytest.mark.parametrize(("question", "path"), ROWS, ids=[path for _, path in ROWS])
def test_the_path_that_answers_a_question_exists(question: str, path: str) -> None:
    assert (ROOT / path).exists(), question
