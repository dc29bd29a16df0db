"""Several servers with the real application: old settings are upgraded, changes apply at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from canary import KEY
from sayso.core.settings.file_format import VERSION
from service import StandIn

from .desktop_fixture import Desktop
from .editors import Editor
from .processes import wait_until
from .sound import speech_clips

ONE, OTHER = "It came from one.", "It came from the other."
OTHER_KEY = KEY[::-1]


@pytest.mark.timeout(120)
def test_the_endpoint_can_be_changed_at_run_time_and_each_gets_its_own_api_key(
    desktop: Desktop, editor: Callable[[str], Editor], scripted: Callable[..., StandIn]
) -> None:
    one, other = scripted(ONE), scripted(OTHER, key=OTHER_KEY)
    of_before = {
        "version": 1,
        "engine": "realtime",
        "endpoint": {"url": one.url, "model": "gpt-transcribe"},
        "fallback": False,
    }
    path = desktop.home / "config" / "sayso" / "settings.json"
    path.parent.mkdir()
    path.write_text(json.dumps(of_before))
    for service, key in ((one, KEY), (other, OTHER_KEY)):
        host = f"127.0.0.1:{service.port}"
        assert desktop.sayso("key", "set", "--host", host, stdin=f"{key}\n").returncode == 0
    desktop.start_app()
    desktop.wait_until_ready()
    opened = editor("xterm")
    assert desktop.dictate(speech_clips()[0][0])["text"] == ONE
    wait_until(lambda: ONE in opened.text(), "the words of the one")

    added = desktop.sayso("endpoints", "add", "gateway", "--name", "Other", "--url", other.url)
    assert added.returncode == 0, added.stderr
    assert desktop.sayso("endpoints", "use", "Other").returncode == 0
    desktop.wait_until_ready()
    take = desktop.dictate(speech_clips()[0][0])
    assert take["text"] == OTHER
    wait_until(lambda: OTHER in opened.text(), "the words of the other")

    assert [record.token for record in one.records] == [KEY]
    assert [record.token for record in other.records] == [OTHER_KEY]
    kept = json.loads(path.read_text())
    assert (kept["version"], kept["profile"]) == (VERSION, "Other")
    assert [row["name"] for row in kept["endpoints"]] == ["My server", "Other"]
    assert kept["endpoints"][0]["model"] == "gpt-transcribe"
    rows = json.loads(desktop.sayso("history", "list", "--json").stdout)
    assert [row["engine"] for row in rows] == ["Other", "My server"]
