"""Shows Sayso at work where there is no screen: a virtual desktop, a voice, a real editor.

`packaging/run` starts it where it finds no display. Everything is ended and removed after.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from desktop.desktop_fixture import Desktop  # noqa: E402
from desktop.editors import GtkEditor  # noqa: E402
from desktop.sound import wait_until  # noqa: E402


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def dictate(folder: Path, screenshot: Path | None) -> str:
    """What stands in the editor after the sample was spoken."""
    sample = ROOT / "resources" / "sample.wav"
    with Desktop(folder, cache=_cache()) as desktop:
        say("A screen, a tray, a keyring and a microphone are there. Sayso starts.")
        desktop.start_app()
        desktop.wait_until_ready()
        with GtkEditor(desktop.display) as editor:
            say("Right Ctrl goes down, and a recorded voice speaks into the microphone.")
            take = desktop.dictate(sample)
            say("Right Ctrl is up.")
            if take["error"]:
                say(take["error"])
            else:
                wait_until(lambda: editor.text().strip() == take["text"], "the words in the editor")
                since_up_ms = take["timings"]["inserted"] - take["timings"]["key_up"]
                say(f"The words stood there {since_up_ms:.0f} ms after the key was up.")
            if screenshot:
                desktop.screenshot(screenshot)
            return editor.text().strip()


def _cache() -> Path:
    """The user's own, where the model has been prepared."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screenshot", type=Path, help="where to keep a picture of the screen")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-demo-") as folder:
        typed = dictate(Path(folder), given.screenshot)
    if not typed:
        say("Nothing was typed.")
        return 1
    say(f"Sayso typed into the editor:\n\n    {typed}\n")
    said = (ROOT / "resources" / "sample.txt").read_text("utf-8").strip()
    say(f"What was said:\n\n    {said}\n")
    say("All of it is gone again. With a display, this command starts Sayso in your tray.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
