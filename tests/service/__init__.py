"""A strict stand-in of OpenAI's realtime transcription service, for tests, rigs and benches."""

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
