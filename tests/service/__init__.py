"""Strict stand-in for OpenAI's realtime transcription service, for tests and benchmarks."""

from .session import ConnectionRecord
from .standin import KEY, StandIn, close_with, drop_connection, in_thread, send_raw, stay_silent

__all__ = [
    "KEY",
    "ConnectionRecord",
    "StandIn",
    "close_with",
    "drop_connection",
    "in_thread",
    "send_raw",
    "stay_silent",
]
