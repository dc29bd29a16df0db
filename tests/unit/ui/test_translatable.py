"""Every text of the interface goes through `tr()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sayso.ui

FOLDER = Path(sayso.ui.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
TEXT = re.compile(r"^\W*[A-Z][a-z]+\b(?!\.\w)|\w+ \w+ \w+|^&?[A-Z]\w*…")
NAMES = {
    "Sayso",
    "Ctrl+",
    "dddd d MMMM",
    "dddd d MMMM yyyy",
    "Fusion",
    "HighContrast",
    "ReducedMotion",
}
NOT_SHOWN = {
    "tr",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "getLogger",
    "setStyleSheet",
    "TypeVar",
}

ELSEWHERE = {"PAGES", "report"}
"""Titles that are translated where they are shown, and a report that stays in English."""


def untranslated(tree: ast.AST) -> Iterator[str]:
    """Return string literals that resemble text, outside of `tr()`, logging and docstrings."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.FunctionDef) and node.name in ELSEWHERE:
            continue
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in ELSEWHERE:
            continue
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else ""
            name = function.id if isinstance(function, ast.Name) else name
            if name in NOT_SHOWN:
                continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            style_sheet = "{" in text and ("px" in text or ":" in text)
            if TEXT.search(text) and text.strip(" :") not in NAMES and not style_sheet:
                yield text
        yield from untranslated(node)


def test_untranslated_text_is_found() -> None:
    source = "button = QPushButton('Copy')\nlabel.setText(f'{n} words were typed')\ntr('Copy')"
    assert list(untranslated(ast.parse(source))) == ["Copy", " words were typed"]


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(FOLDER)) for path in FILES])
def test_text_is_translatable(path: Path) -> None:
    assert list(untranslated(ast.parse(path.read_text()))) == []
