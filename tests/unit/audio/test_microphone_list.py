import pytest

from sayso.audio.pulse import InputDevice, parse

MONITOR = """Source #0
\tState: SUSPENDED
\tName: alsa_output.pci-0000.analog-stereo.monitor
\tDescription: Monitor of Built-in Audio
\tMonitor of Sink: alsa_output.pci-0000.analog-stereo
\tProperties:
\t\tdevice.class = "monitor"
"""
BUILT_IN = """Source #1
\tState: RUNNING
\tName: alsa_input.pci-0000.analog-stereo
\tDescription: Internes Mikrofon: Größe “L”
\tMonitor of Sink: n/a
\tPorts:
\t\tanalog-input: Name: not this (type: Mic)
\tProperties:
\t\tdevice.description = "another"
"""
NAMELESS = "Source #2\n\tName: bluez_input.00_11\n"
LISTINGS = {
    "no server": ("", []),
    "what plays is no microphone": (MONITOR, []),
    "names and descriptions as they are": (
        MONITOR + "\n" + BUILT_IN,
        [InputDevice("alsa_input.pci-0000.analog-stereo", "Internes Mikrofon: Größe “L”")],
    ),
    "no description": (NAMELESS, [InputDevice("bluez_input.00_11", "bluez_input.00_11")]),
    "several": (
        BUILT_IN + "\n" + NAMELESS,
        ["alsa_input.pci-0000.analog-stereo", "bluez_input.00_11"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("listing", "devices"), LISTINGS.values(), ids=LISTINGS)
def test_microphones_are_read_from_the_listing(listing, devices):
    found = parse("", listing, 0).microphones
    assert devices in (found, [device.name for device in found])
