"""The five requests of the XKEYBOARD protocol that python-xlib lacks.

Source: "The X Keyboard Extension: Protocol Specification" 1.0, requests UseExtension (0),
GetState (4), LatchLockState (5), GetMap (8), SetMap (9). Numbers are in native byte order.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import attrs
from Xlib.protocol import rq

CORE_KEYBOARD = 0x100
KEY_SYMBOLS = 2
"""The component of the keyboard map that holds the symbols."""
TWO_LEVEL, KEYPAD = 1, 3
"""Fixed numbers of key types. Shift selects the second level; for KEYPAD also NumLock."""
TWO_LEVEL_TYPES = bytes([TWO_LEVEL, 0, 0, 0])


@attrs.frozen
class Key:
    """The symbols of one key: `symbols[group * width + level]`."""

    types: bytes = bytes(4)
    group_info: int = 0
    width: int = 0
    symbols: tuple[int, ...] = ()

    @property
    def groups(self) -> int:
        return self.group_info & 15


class Keyboard:
    def __init__(self, connection: Any) -> None:
        self._display = connection.display
        self._opcode = connection.query_extension("XKEYBOARD").major_opcode
        _UseExtension(display=self._display, opcode=self._opcode, major=1, minor=0)
        info = self._display.info
        self._limits = (info.min_keycode, info.max_keycode)

    def state(self) -> tuple[int, int]:
        """Return the mask of locked modifiers and the layout group in force."""
        reply = _GetState(display=self._display, opcode=self._opcode, device=CORE_KEYBOARD)
        return reply.locked, reply.group

    def set_locked(self, affect: int, mods: int) -> None:
        """Set the locked modifiers within the mask `affect`, and unlatch them."""
        _LatchLockState(
            display=self._display, opcode=self._opcode, device=CORE_KEYBOARD,
            affect=affect, lock=mods, lock_group=0, group=0,
            affect_latch=affect, latch=0, latch_group=0, latched=0,
        )  # fmt: skip

    def read_keys(self) -> dict[int, Key]:
        """Return the symbols of every key, by key code."""
        reply = _GetMap(
            display=self._display, opcode=self._opcode, device=CORE_KEYBOARD,
            full=KEY_SYMBOLS, partial=0, rest=bytes(18),
        )  # fmt: skip
        data = bytes(reply.data)
        first, count = data[9], data[12]
        found, at = {}, 32
        for code in range(first, first + count):
            info, width, n = struct.unpack_from("=BBH", data, at + 4)
            symbols = struct.unpack_from(f"={n}I", data, at + 8)
            found[code] = Key(data[at : at + 4], info, width, symbols)
            at += 8 + 4 * n
        return found

    def write_keys(self, keys: Mapping[int, Key]) -> None:
        """Replace a contiguous range of keys in one request, which clients see as one change."""
        codes = sorted(keys)
        assert codes == list(range(codes[0], codes[-1] + 1))
        body = b"".join(
            k.types
            + struct.pack("=BBH", k.group_info, k.width, len(k.symbols))
            + struct.pack(f"={len(k.symbols)}I", *k.symbols)
            for k in (keys[code] for code in codes)
        )
        total = sum(len(keys[code].symbols) for code in codes)
        head = struct.pack("=4B", *self._limits, 0, 0)
        head += struct.pack("=BBH", codes[0], len(codes), total) + bytes(18)
        _SetMap(
            display=self._display, opcode=self._opcode, device=CORE_KEYBOARD,
            present=KEY_SYMBOLS, flags=0, rest=head + body,
        )  # fmt: skip


def _request_struct(number: int, *fields: Any) -> Any:
    return rq.Struct(rq.Card8("opcode"), rq.Opcode(number), rq.RequestLength(), *fields)


def _reply_struct(*fields: Any) -> Any:
    head = (rq.Card8("device"), rq.Card16("sequence_number"), rq.ReplyLength())
    return rq.Struct(rq.ReplyCode(), *head, *fields, rq.Binary("data"))


class _UseExtension(rq.ReplyRequest):  # type: ignore[misc]
    _request = _request_struct(0, rq.Card16("major"), rq.Card16("minor"))
    _reply = _reply_struct()


class _GetState(rq.ReplyRequest):  # type: ignore[misc]
    _request = _request_struct(4, rq.Card16("device"), rq.Pad(2))
    _reply = _reply_struct(*(rq.Card8(n) for n in ("mods", "base", "latched", "locked", "group")))


class _LatchLockState(rq.Request):  # type: ignore[misc]
    _request = _request_struct(
        5,
        rq.Card16("device"), rq.Card8("affect"), rq.Card8("lock"), rq.Card8("lock_group"),
        rq.Card8("group"), rq.Card8("affect_latch"), rq.Card8("latch"), rq.Pad(1),
        rq.Card8("latch_group"), rq.Card16("latched"),
    )  # fmt: skip


class _GetMap(rq.ReplyRequest):  # type: ignore[misc]
    _request = _request_struct(
        8,
        rq.Card16("device"), rq.Card16("full"), rq.Card16("partial"), rq.Binary("rest", pad=0),
    )  # fmt: skip
    _reply = _reply_struct()


class _SetMap(rq.Request):  # type: ignore[misc]
    _request = _request_struct(
        9,
        rq.Card16("device"), rq.Card16("present"), rq.Card16("flags"), rq.Binary("rest", pad=0),
    )  # fmt: skip
