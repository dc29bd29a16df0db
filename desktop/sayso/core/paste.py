"""Decides whether a paste has succeeded and how long its text stays on the clipboard. Pure.

A program fetches the text from the clipboard after the paste keys were sent. The fetch is the
receipt of the paste. Three rules make it trustworthy:

- A fetch before the keys may come from a clipboard manager. It counts only if no other fetch
  follows soon, because a false report of a failure would make the user paste a second time.
- Chromium lists the formats of the clipboard several times before it fetches the text, and pastes
  nothing if the clipboard has changed in the meantime. While a program lists formats, a missing
  fetch is waited for longer.
- The text stays until no program has listed or fetched anything for a while.

All times are seconds of one monotonic clock.
"""

from __future__ import annotations

from typing import Literal

import attrs

Outcome = Literal["pending", "pasted", "failed"]


@attrs.frozen
class PasteTimeouts:
    """Durations. The defaults are measured on machines under full load."""

    keep_s: float = 0.5
    """Time without requests after which the text is removed. Without load, 50 ms suffice; under
    load, Chromium leaves 0.2 s between two requests."""
    keep_limit_s: float = 1.5
    """Time after the paste when the text is removed in any case: some programs poll."""
    next_text_s: float = 0.4
    """Time without requests before the next text replaces this one."""
    fetch_s: float = 2.0
    """Time to wait for a fetch, repeated after a period with a request. Chromium takes 0.8 s."""
    fetch_limit_s: float = 6.0
    """Time to wait for a fetch after the keys in any case."""
    early_s: float = 0.02
    """A fetch at most this long before the keys were reported as sent belongs to them."""
    doubtful_fetch_s: float = 0.25
    """Time to wait for another fetch if there was one before the keys."""


class PasteTransaction:
    """Tracks the pastes of one clipboard, one text at a time.

    For each text, call `begin`, then `keys_sent`. Report requests of other programs for the
    formats (`listed`) and the text (`fetched`) at any time. Ask for the `outcome` after each change
    and at `decision_at_s`, until it is not "pending".
    """

    def __init__(self, timeouts: PasteTimeouts) -> None:
        self._timeouts = timeouts
        self._requested_at_s = float("-inf")
        self._pasted_at_s = float("-inf")
        self._response_s = 0.0
        """Time from the keys of the previous paste to its fetch. A program that is slower than a
        timeout gets this time instead."""
        self._keys_sent_at_s: float | None = None
        self._fetched_at_s: float | None = None

    def begin(self) -> None:
        self._keys_sent_at_s = self._fetched_at_s = None

    def listed(self, at_s: float) -> None:
        self._requested_at_s = max(self._requested_at_s, at_s)

    def fetched(self, at_s: float) -> None:
        self.listed(at_s)
        self._fetched_at_s = at_s

    def keys_sent(self, at_s: float) -> None:
        self._keys_sent_at_s = at_s

    def outcome(self, now_s: float) -> Outcome:
        """Return the outcome so far. Once it is not "pending", it is final for this text."""
        if self._keys_sent_at_s is None or now_s < self.decision_at_s:
            return "pending"
        if self._fetched_at_s is None:
            return "failed"
        self._pasted_at_s = now_s
        self._response_s = max(0.0, self._fetched_at_s - self._keys_sent_at_s)
        return "pasted"

    @property
    def decision_at_s(self) -> float:
        """Time at which the outcome is decided if nothing else is reported before."""
        sent_at_s, timeouts = self._keys_sent_at_s, self._timeouts
        if sent_at_s is None:
            return float("inf")
        if self._fetched_at_s is None:
            periods = 1 - min(0.0, sent_at_s - self._requested_at_s) // timeouts.fetch_s
            return sent_at_s + min(periods * timeouts.fetch_s, timeouts.fetch_limit_s)
        if self._fetched_at_s >= sent_at_s - timeouts.early_s:
            return sent_at_s
        return sent_at_s + timeouts.doubtful_fetch_s

    @property
    def next_text_at_s(self) -> float:
        """Time from which the next text may replace the pasted one."""
        return self._quiet_at_s(self._timeouts.next_text_s)

    @property
    def restore_at_s(self) -> float:
        """Time from which the previous content may be put back after a paste."""
        return self._quiet_at_s(self._timeouts.keep_s)

    def _quiet_at_s(self, quiet_s: float) -> float:
        quiet_at_s = self._requested_at_s + max(quiet_s, self._response_s)
        return min(quiet_at_s, self._pasted_at_s + self._timeouts.keep_limit_s)
