"""Problems: failures described as a code, a message and a remedy.

Everything that reaches the user is a `Problem`. Its kind comes from the catalog: one module
in this package for each area (`audio`, `server`, ...), with one constant for each problem code.
The texts are in `resources/problems.toml`, where writers and translators find them.
Adapters translate the exceptions of their libraries into `ProblemError` where they are raised.
A presenter (indicator, settings, command line, history) decides which action to offer for a code.
"""

from __future__ import annotations

from .problem import Problem, ProblemError, ProblemKind

__all__ = ["Problem", "ProblemError", "ProblemKind"]
