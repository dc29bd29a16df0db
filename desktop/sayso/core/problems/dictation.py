"""Problems of takes, recognition in general, recovery and the budget."""

from __future__ import annotations

from .problem import ProblemKind

TEXT_TIMED_OUT = ProblemKind(
    "dictation.text_timed_out",
    "The text did not arrive in time.",
    "Your recording is kept. Try again.",
)
INSERT_TIMED_OUT = ProblemKind(
    "insertion.timed_out",
    "The window was too slow to take the text.",
    "Copy the text and paste it.",
)
TAKE_LIMIT_REACHED = ProblemKind(
    "dictation.take_limit_reached", "Sayso stopped listening after 10 minutes."
)
INTERNAL_ERROR = ProblemKind(
    "dictation.internal_error",
    "Sayso ran into a fault.",
    "Your text is kept in the history.",
)
RECOGNITION_INTERNAL_ERROR = ProblemKind(
    "dictation.recognition_internal_error",
    "Recognition stopped because of a fault in Sayso.",
    "Your recording is kept. Report the fault with the log file that “sayso doctor” shows.",
)

# Recognition: `cause` is the problem of the engine; the action that fits it is offered.
FALLBACK_USED = ProblemKind(
    "dictation.fallback_used", "{cause}", "{engine} transcribes your dictation instead."
)
TEXT_NOT_TRUSTED = ProblemKind(
    "dictation.text_not_trusted", "{problem}", "You can transcribe it again in the history."
)

# Recovery
RECOGNITION_INTERRUPTED = ProblemKind(
    "dictation.interrupted", "Sayso ended while this was being transcribed.", "Try again."
)
RECOVERY_FAILED = ProblemKind(
    "dictation.recovery_failed", "{cause}", "Your recording is in the history."
)
RECORDING_QUARANTINED = ProblemKind(
    "dictation.recording_quarantined", "{cause}", "The file is kept for 7 days."
)

# Budget
BUDGET_USED_UP = ProblemKind(
    "budget.used_up",
    "The budget for {month} is used up.",
    "Nothing is sent until you choose.",
)
BUDGET_NEARLY_USED_UP = ProblemKind(
    "budget.nearly_used_up",
    "The budget for {month} is nearly used up.",
    "{left} of {budget} is left.",
)
