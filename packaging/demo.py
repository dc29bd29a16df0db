"""Demonstrate Sayso without a screen: a virtual desktop, a recorded voice and a real editor.

`packaging/run` starts it if there is no display. Everything is removed at the end.
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
    """Dictate the sample and return the text of the editor."""
    sample = ROOT / "resources" / "sample.wav"
    with Desktop(folder, cache=_cache()) as desktop:
        say("A virtual screen, tray, keyring and microphone are ready. Starting Sayso.")
        desktop.start_app()
        desktop.wait_until_ready()
        with GtkEditor(desktop.display) as editor:
            say("Pressing Right Ctrl and playing a recorded voice into the microphone.")
            take = desktop.dictate(sample)
            say("Right Ctrl is released.")
            if take["error"]:
                say(take["error"])
            else:
                wait_until(lambda: editor.text().strip() == take["text"], "the text in the editor")
                latency_ms = take["timings"]["inserted"] - take["timings"]["key_up"]
                say(f"The text was inserted {latency_ms:.0f} ms after the key was released.")
            if screenshot:
                desktop.screenshot(screenshot)
            return editor.text().strip()


def _cache() -> Path:
    """Return the user's cache, which has the prepared model."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screenshot", type=Path, help="where to save a picture of the screen")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-demo-") as folder:
        typed = dictate(Path(folder), arguments.screenshot)
    if not typed:
        say("No text was inserted.")
        return 1
    say(f"Sayso typed into the editor:\n\n    {typed}\n")
    spoken = (ROOT / "resources" / "sample.txt").read_text("utf-8").strip()
    say(f"The voice said:\n\n    {spoken}\n")
    say("Everything was removed again. With a display, this command starts Sayso in your tray.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
