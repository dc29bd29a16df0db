"""How far the pill is on its way: in, out, wider, to other contents. Pure; one clock, in ms."""

from __future__ import annotations

import attrs

from ..widgets import theme

FRAME_MS = 33


@attrs.define
class Animation:
    composited: bool = True
    reduced_motion: bool = False
    """The person wants no motion."""
    hiding_since_ms: float = 0.0
    """When it began to leave; 0 while it does not."""
    _shown_ms: float = 0.0
    _changed_ms: float = 0.0
    _grew_ms: float = 0.0
    _grew_from: float = 0.0

    @property
    def fades(self) -> bool:
        return self.composited and not self.reduced_motion

    def start(self, now: float, *, composited: bool, reduced_motion: bool) -> None:
        self.composited, self.reduced_motion = composited, reduced_motion
        self._shown_ms, self._grew_ms, self._changed_ms = now, 0.0, 0.0

    def start_cross_fade(self, now: float) -> None:
        """It has other contents from now on."""
        self._changed_ms = now

    def start_resize(self, now: float, before: float) -> None:
        """To another width than that, on the way to which it may be still."""
        self._grew_from, self._grew_ms = self.width(now, before), now

    def resize_finished(self, now: float) -> bool:
        """Whether it has just come to its width."""
        if not self._grew_ms or now - self._grew_ms <= theme.RESIZE_MS:
            return False
        self._grew_ms = 0.0
        return True

    def running(self, now: float) -> bool:
        """Whether it appears, leaves or grows now."""
        return bool(
            self.hiding_since_ms
            or (self.fades and now - self._shown_ms <= theme.FADE_IN_MS + FRAME_MS)
            or (self._grew_ms and now - self._grew_ms <= theme.RESIZE_MS + FRAME_MS)
        )

    def fade_in(self, now: float) -> float:
        """The share of the way in."""
        return _out_cubic((now - self._shown_ms) / theme.FADE_IN_MS)

    def fade_out(self, now: float) -> float:
        """The share that is still to be seen while it leaves; 0 or less: none."""
        share = (now - self.hiding_since_ms) / theme.FADE_OUT_MS
        return 1 - share**3 if share < 1 else 0.0

    def cross_fade(self, now: float) -> float:
        """The share of the way from the old contents to the new; more than 1 after it."""
        return (now - self._changed_ms) / theme.CROSS_FADE_MS

    def collapse(self, now: float) -> float:
        """The share of the way from bars to a cursor."""
        if self.reduced_motion or not self._changed_ms:
            return 1.0
        return min(1.0, max(0.0, (now - self._changed_ms) / theme.RESIZE_MS))

    def width(self, now: float, to: float) -> float:
        """The width that is drawn, on its way to that one."""
        if not self._grew_ms or not self.fades:
            return to
        share = _out_cubic((now - self._grew_ms) / theme.RESIZE_MS)
        return self._grew_from + (to - self._grew_from) * share


def _out_cubic(share: float) -> float:
    return float(1 - (1 - min(1.0, max(0.0, share))) ** 3)
