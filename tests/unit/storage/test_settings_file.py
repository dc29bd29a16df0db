import json
import stat

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.storage import settings_file


def test_without_a_file_the_defaults_are_used(tmp_path):
    assert settings_file.load(tmp_path / "none.json") == (Settings(), [])


def test_saved_settings_can_be_loaded(tmp_path):
    path, settings = tmp_path / "a" / "settings.json", s.put(Settings(), "hotkey.chord", "f9")
    settings_file.save(path, settings)
    assert settings_file.load(path) == (settings, [])
    assert json.loads(path.read_text())["hotkey"]["chord"] == "f9"
    assert [p.name for p in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_damaged_file_is_renamed(tmp_path, text):
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings, problems = settings_file.load(path)
    assert settings == Settings()
    assert "settings.broken" in problems[0].remedy
    assert (tmp_path / "settings.broken").read_text() == text


def test_an_unreadable_file_is_reported(tmp_path):
    path = tmp_path / "settings.json"
    path.mkdir()
    settings, problems = settings_file.load(path)
    assert (settings, len(problems)) == (Settings(), 1)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "settings.json"
    settings_file.save(path, Settings())
    before = path.read_text()
    (tmp_path / "settings.new").mkdir()
    with pytest.raises(ProblemError, match="could not be written"):
        settings_file.save(path, s.put(Settings(), "sounds", False))
    assert path.read_text() == before
    assert stat.S_ISREG(path.stat().st_mode)
