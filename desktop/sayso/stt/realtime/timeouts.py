"""Time limits of a realtime session."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Timeouts:
    """All values are in seconds."""

    open_s: float = 10.0
    close_s: float = 1.0
    ping_interval_s: float = 1.0
    pong_s: float = 3.0
    """With `ping_interval_s` and `close_s`, a server that stops responding is detected in 5 s."""
    ready_s: float = 10.0
    send_s: float = 4.0
    response_s: float = 10.0
    """Time between messages after the commit, on a fast server."""
    cleared_s: float = 1.0
    """Wait for `cleared` after all text is final; some servers do not support `clear`."""
    next_item_s: float = 0.5
    """Wait for another item after the last one has ended, with server-side voice detection."""
    no_speech_s: float = 3.0
    """Wait for an item if the server has detected no speech at all."""
    missing_done_s: float = 5.0
    """Wait for more text from vLLM versions that do not send `transcription.done`."""
    commit_interval_s: float = 20.0
    """Minimum time between commits at pauses, so that a model has enough context."""
    final_s: float = 120.0
    """Maximum time from the commit to the end of the session."""
