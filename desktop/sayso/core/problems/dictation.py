"""Problems of takes, recognition in general, recovery and the budget."""

from __future__ import annotations

from .problem import kind

TEXT_TIMED_OUT = kind("dictation.text_timed_out")
INSERT_TIMED_OUT = kind("insertion.timed_out")
TAKE_LIMIT_REACHED = kind("dictation.take_limit_reached")
INTERNAL_ERROR = kind("dictation.internal_error")
RECOGNITION_INTERNAL_ERROR = kind("dictation.recognition_internal_error")
FALLBACK_USED = kind("dictation.fallback_used")
TEXT_NOT_TRUSTED = kind("dictation.text_not_trusted")
RECOGNITION_INTERRUPTED = kind("dictation.interrupted")
RECOVERY_FAILED = kind("dictation.recovery_failed")
RECORDING_QUARANTINED = kind("dictation.recording_quarantined")
BUDGET_USED_UP = kind("budget.used_up")
BUDGET_NEARLY_USED_UP = kind("budget.nearly_used_up")
