"""Raw key and button events and the pressed buttons, by XInput2.

Source: "The X Input Extension 2.x" protocol, requests XIQueryVersion (47), XISelectEvents (46),
XIQueryPointer (40), event RawEvent. Since version 2.1, raw events are also sent while another
client has grabbed the keyboard.
"""

from __future__ import annotations

import struct
from typing import Any

import attrs
from Xlib.ext import xinput
from Xlib.protocol import rq

POINTER = 2
_GENERIC_EVENT = 35


@attrs.frozen
class RawEvent:
    code: int
    is_down: bool
    is_button: bool


def select_raw_events(connection: Any) -> None:
    """Request the raw events of all master devices on the root window."""
    opcode = connection.query_extension("XInputExtension").major_opcode
    version = {"major_version": 2, "minor_version": 2}
    xinput.XIQueryVersion(display=connection.display, opcode=opcode, **version)
    mask = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask
    mask |= xinput.RawButtonPressMask | xinput.RawButtonReleaseMask
    root = connection.screen().root
    root.xinput_select_events([(xinput.AllMasterDevices, mask)])
    connection.sync()


def parse_raw_event(event: Any) -> RawEvent | None:
    """Return the raw key or button event; None for an event of another type."""
    if event.type & 0x7F != _GENERIC_EVENT or not isinstance(event.data, bytes):
        return None
    kind = event.evtype
    if kind not in range(xinput.RawKeyPress, xinput.RawButtonRelease + 1):
        return None
    _device, _time_ms, code = struct.unpack_from("=HII", event.data)
    is_down = kind in (xinput.RawKeyPress, xinput.RawButtonPress)
    return RawEvent(code, is_down, kind in (xinput.RawButtonPress, xinput.RawButtonRelease))


def pressed_buttons(connection: Any) -> frozenset[int]:
    """Return the numbers of the pressed buttons; the core protocol reports only five."""
    opcode = connection.query_extension("XInputExtension").major_opcode
    root = connection.screen().root.id
    reply = _QueryPointer(display=connection.display, opcode=opcode, window=root, device=POINTER)
    # The modifiers (4 x CARD32) and the group (4 x CARD8) precede the button bits.
    bits = bytes(reply.data)[20 : 20 + 4 * reply.buttons_len]
    return frozenset(8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1)


class _QueryPointer(rq.ReplyRequest):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(40), rq.RequestLength(),
        rq.Card32("window"), rq.Card16("device"), rq.Pad(2),
    )  # fmt: skip
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Pad(1), rq.Card16("sequence_number"), rq.ReplyLength(),
        rq.Card32("root"), rq.Card32("child"), rq.Int32("root_x"), rq.Int32("root_y"),
        rq.Int32("win_x"), rq.Int32("win_y"), rq.Card8("same_screen"), rq.Pad(1),
        rq.Card16("buttons_len"), rq.Binary("data"),
    )  # fmt: skip
