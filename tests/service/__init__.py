"""A strict stand-in of OpenAI's realtime transcription service, for tests, rigs and benches."""

from .session import Record
from .standin import KEY, StandIn, drop, hang_up, in_thread, say, stay_silent

__all__ = ["KEY", "Record", "StandIn", "drop", "hang_up", "in_thread", "say", "stay_silent"]
