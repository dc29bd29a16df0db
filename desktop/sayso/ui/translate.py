"""Translation of the interface's text."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from ..core.problems import Problem


def tr(text: str) -> str:
    """Return the text in the user's language, or the text itself if it is not translated.

    Pass a literal, which `pyside6-lupdate` finds: `tr("Kept for {days} days").format(days=7)`.
    """
    return QCoreApplication.translate("sayso", text)


def locale() -> QLocale:
    """Return the locale of the interface's language, for dates."""
    return QLocale(QLocale.Language.English)


def problem_message(problem: Problem) -> str:
    return _filled(problem, problem.kind.message)


def problem_remedy(problem: Problem) -> str:
    return _filled(problem, problem.kind.remedy)


def problem_sentence(problem: Problem) -> str:
    """Return message and remedy."""
    return f"{problem_message(problem)} {problem_remedy(problem)}".strip()


def _filled(problem: Problem, template: str) -> str:
    values = {
        name: problem_message(value) if isinstance(value, Problem) else value
        for name, value in problem.values.items()
    }
    return tr(template).format_map(values) if template else ""
