"""The settings page "History and privacy", offscreen."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from integration.settings_window import select_item
from integration.ui_fakes import FakeApp
from sayso.ui.settings import privacy
from sayso.ui.settings.privacy import PrivacyPage
from sayso.ui.settings.window import SettingsWindow


@pytest.fixture
def page(window: SettingsWindow) -> PrivacyPage:
    window.open("privacy")
    made = window.pages["privacy"]
    assert isinstance(made, PrivacyPage)
    return made


@pytest.mark.parametrize(
    ("expired", "answer", "kept"),
    [(0, False, "never"), (4, True, "never"), (4, False, "7d")],
    ids=["nothing expires", "yes", "no"],
)
def test_a_shorter_time_is_confirmed_if_something_would_be_deleted(
    qtbot: QtBot,
    page: PrivacyPage,
    app: FakeApp,
    monkeypatch: pytest.MonkeyPatch,
    expired: int,
    answer: bool,
    kept: str,
) -> None:
    app.expired_count = expired
    asked: list[int] = []
    monkeypatch.setattr(privacy, "confirm_delete", lambda _, count: asked.append(count) or answer)
    combo = page.rows["history.keep"].control
    select_item(combo, "never")
    qtbot.waitUntil(lambda: app.settings.history.keep == kept and combo.currentData() == kept)
    assert asked == ([expired] if expired else [])


def test_recordings_need_not_be_kept(page: PrivacyPage, app: FakeApp) -> None:
    combo = page.rows["history.sound_days"].control
    assert combo.currentText() == "7 days"
    select_item(combo, 0)
    assert app.calls == [("history.sound_days", 0)]


def test_the_history_is_deleted_after_confirmation(
    qtbot: QtBot, page: PrivacyPage, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.delete_button.click()
    note = page.delete_row.note.text
    qtbot.waitUntil(lambda: note.text() == "There is nothing to delete.")
    app.expired_count = 2
    monkeypatch.setattr(privacy, "confirm_delete", lambda _, count: count == 2)
    page.delete_button.click()
    qtbot.waitUntil(lambda: note.text() == "Deleted.")
    assert app.calls == ["delete_all"]
