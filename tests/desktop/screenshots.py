"""Creates the screenshots of the README: `python tests/desktop/screenshots.py`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from desktop.desktop_fixture import Desktop  # noqa: E402
from desktop.editors import GtkEditor  # noqa: E402
from desktop.processes import wait_until  # noqa: E402
from desktop.sound import speech_clips  # noqa: E402

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
AREA = "900x470+190+300"
"""Editor and indicator on the screen of 1280 x 800."""
PLACE = ("windowsize", "780", "260", "windowmove", "250", "350")
DESK = 0x5B7F86


def dictating(desktop: Desktop, editor: GtkEditor) -> None:
    """Take a screenshot while a third sentence is dictated into an editor."""
    root = desktop.display.connection.screen().root
    root.change_attributes(background_pixel=DESK)
    root.clear_area()
    place = ["xdotool", "search", "--name", "GTK editor", *PLACE]
    subprocess.run(place, env=desktop.environ, check=True)
    clips = [path for path, _ in speech_clips()][:3]
    for clip in clips[:2]:
        take = desktop.dictate(clip)
        wait_until(lambda text=take["text"]: text in editor.text(), "the words in the editor")
    with desktop.hold("Control_R"):
        desktop.wait_for(state="listening")
        playing = desktop.sound.start_playing(clips[2])
        playing.wait(timeout=60)
        picture(desktop, "dictating.png", AREA)
    desktop.wait_for_take(after=take["id"])


def settings(desktop: Desktop, keys: str, name: str) -> None:
    """Take a screenshot of the settings page that `keys` open."""
    desktop.sayso()
    window = desktop.window("Sayso Settings")
    desktop.activate(window)
    subprocess.run(["xdotool", "key", keys, "sleep", "1"], env=desktop.environ, check=True)
    subprocess.run(
        ["import", "-window", str(window), IMAGES / name], env=desktop.environ, check=True
    )


def picture(desktop: Desktop, name: str, area: str) -> None:
    whole = IMAGES / name
    desktop.screenshot(whole)
    subprocess.run(["convert", whole, "-crop", area, "+repage", whole], check=True)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Desktop(Path(folder)) as desktop:
        desktop.start_app()
        desktop.wait_until_ready()
        with GtkEditor(desktop.display) as editor:
            dictating(desktop, editor)
        settings(desktop, "ctrl+1", "settings-general-light.png")
        desktop.stop_app()
        # Qt takes dark from GTK's theme, where there is no portal to ask.
        desktop.start_app(env={"QT_QPA_PLATFORMTHEME": "gtk3", "GTK_THEME": "Adwaita:dark"})
        settings(desktop, "ctrl+2", "settings-recognition-dark.png")


if __name__ == "__main__":
    main()
