"""The problem catalog: unique codes, complete sentences, and no problem outside it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from pathlib import Path

import pytest

import sayso
from sayso.core import problems
from sayso.core.problems import ProblemKind
from sayso.core.resources import load_toml

PACKAGE = Path(sayso.__file__).parent
CATALOG = PACKAGE / "core" / "problems"
KINDS = [
    pytest.param(kind, id=f"{info.name}.{name}")
    for info in pkgutil.iter_modules(problems.__path__)
    for name, kind in vars(importlib.import_module(f"{problems.__name__}.{info.name}")).items()
    if isinstance(kind, ProblemKind)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_has_a_code_and_complete_sentences(kind: ProblemKind) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", kind.code)
    for text in (kind.message, kind.remedy):
        assert not text or text[-1] in ".?!}" or text.startswith("{") or ": " in text, text
        fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
        assert all(field.isidentifier() for field in fields), text


def test_codes_are_unique() -> None:
    kinds = {id(param.values[0]): param.values[0] for param in KINDS}.values()
    codes = [kind.code for kind in kinds]
    assert [code for code in set(codes) if codes.count(code) > 1] == []


def test_every_text_belongs_to_a_constant() -> None:
    texts = load_toml("problems.toml")
    in_file = {f"{area}.{reason}" for area, reasons in texts.items() for reason in reasons}
    assert in_file == {param.values[0].code for param in KINDS}


def test_problems_are_created_from_the_catalog_only() -> None:
    creators = {"Problem", "ProblemKind"}
    outside = []
    for path in PACKAGE.rglob("*.py"):
        calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
        names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
        if names & creators and CATALOG not in path.parents:
            outside.append(str(path.relative_to(PACKAGE)))
    assert outside == []
