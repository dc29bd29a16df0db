"""Problems with servers fit into the indicator: message and remedy are both visible."""

from __future__ import annotations

import pytest

from sayso.core.problems import ProblemKind, server

VALUES = {
    "server": "speech.example:443",
    "model": "transcribe-largest",
    "wait": "60 minutes",
    "location": "new.example:8443",
}
"""Names as long as the indicator displays them."""
MAX_MESSAGE_CHARS, MAX_REMEDY_CHARS = 55, 52
"""Characters of a common font in the 340 px beside one button."""
SETTINGS_ONLY = {
    server.ADDRESS_INCOMPLETE,
    server.NOT_ENCRYPTED,
    server.UNKNOWN_PRESET,
    server.UNKNOWN_PRESET_DID_YOU_MEAN,
    server.WEBRTC_NOT_INSTALLED,
}
"""Problems that are shown only in the settings and on the command line."""
KINDS = [kind for kind in vars(server).values() if isinstance(kind, ProblemKind)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_message_and_remedy_fit_into_the_indicator(kind: ProblemKind) -> None:
    """The end of a quotation from the server can be cut off."""
    if kind in SETTINGS_ONLY:
        return
    message = kind.message.partition("“{reason}")[0].format(**VALUES)
    assert len(message) <= MAX_MESSAGE_CHARS
    assert 0 < len(kind.remedy.format(**VALUES)) <= MAX_REMEDY_CHARS


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
