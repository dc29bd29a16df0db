"""Screenshots of every window and state: `python tests/integration/screenshots.py FOLDER`."""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import attrs
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from integration.ui_fakes import FakeApp, example_problem
from sayso.core.audio.dropouts import Dropout, dropout_problem
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.dictation.status import Status
from sayso.core.dictation.take import Outcome
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.core.settings.settings import Endpoint, Settings
from sayso.core.usage import DailyUsage, UsageTotal
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.stt.ondevice.models.catalog import MODELS, ModelStatus, Speed
from sayso.stt.server.presets import find_preset
from sayso.ui import messages
from sayso.ui.actions import Actions
from sayso.ui.background import Background
from sayso.ui.history.window import HistoryWindow
from sayso.ui.indicator.body import IndicatorBody, paint_shadow
from sayso.ui.indicator.status_icon import AnimationState
from sayso.ui.indicator.window import rounded_region
from sayso.ui.messages import IndicatorView
from sayso.ui.settings.window import SettingsWindow
from sayso.ui.tray import Tray
from sayso.ui.widgets import icons, theme
from sayso.ui.widgets.sizing import scaled

LONG = "and then we agreed that the second draft should go to the printer on Monday before noon, so"
ARABIC = "هل يمكنك نقل الاجتماع إلى يوم الخميس صباحا"
ASKED = "Could you move the meeting to Thursday?"
SETTINGS = Settings()
BACKGROUNDS = {"light": "#DCE3E1", "dark": "#0F1413"}


LOST = RetryDelay(example_problem("The connection was lost."), 0.2)
BUSY = RetryDelay(example_problem("api.openai.com is busy."), 20.1)


def listening(text: str, *, silent_ms: float = 0, **fields: Any) -> IndicatorView:
    status = Status("listening", partial=text, has_audio=True, **fields)
    return messages.listening_view(status, SETTINGS, silent_ms, show_hint=True)


def failure(message: str, remedy: str = "", code: str = "test.example") -> IndicatorView:
    return messages.problem_view(example_problem(message, remedy, code))


VIEWS = {
    "Starting": messages.starting_view(100),
    "Starting, 250 ms": messages.starting_view(300),
    "Microphone lost": messages.microphone_lost_view(False),
    "Microphone lost, hands-free": messages.microphone_lost_view(True),
    "Listening": listening(""),
    "Listening, words": listening(ASKED[:-1]),
    "Listening, long": listening(LONG),
    "Listening, right to left": listening(ARABIC),
    "Listening, long, right to left": listening(ARABIC * 3),
    "Silence": listening("", silent_ms=6000),
    "Hands-free, no words": listening("", hands_free=True),
    "Hands-free": listening("Dear all, thank you for coming yesterday", hands_free=True),
    "Reduced motion": listening("Dear all"),
    "Reconnecting": listening("", retrying=LOST),
    "Reconnecting, hands-free": listening("", hands_free=True, retrying=LOST),
    "Busy": listening("", retrying=BUSY),
    "Finishing, busy": messages.finishing_view(ASKED, 11_000, BUSY),
    "Finishing, reconnecting": messages.finishing_view(ASKED, 900, LOST),
    "Collapsing": messages.finishing_view(ASKED, 80),
    "Finishing": messages.finishing_view(ASKED, 600),
    "Finishing, no words": messages.finishing_view("", 500),
    "Finishing, 10 s": messages.finishing_view("", 11_000),
    "Inserted": messages.inserted_view(7),
    "Inserted, by another": messages.inserted_view(7, "on-device"),
    "Inserted, by a server": messages.inserted_view(7, "Groq"),
    "Nothing heard": messages.nothing_heard_view(1),
    "Nothing heard again": messages.nothing_heard_view(2),
    "Held": messages.held_view(ASKED),
    "Recovered": messages.held_view(ASKED, "14:32"),
    "Held, long": messages.held_view(LONG),
    "Error": failure("OpenAI did not respond.", "Your recording is kept.", "server.busy"),
    "Error, settings": failure("There is no speech server.", "Check the address.", "server.x"),
    "Error, copied": failure("The window did not take the text.", "Press Ctrl+V.", "insertion.x"),
    "Error, dropout": messages.problem_view(dropout_problem(Dropout(800))),
    "Error, plain": failure("Sayso has stopped listening."),
}
LEVELS = (0.8, 0.6, 0.4, 0.2)
ANIMATIONS = {
    "Reduced motion": AnimationState(LEVELS, reduced_motion=True),
    "Collapsing": AnimationState(LEVELS, collapse=0.5),
}


class IndicatorSheet(QWidget):
    """Every view of the indicator."""

    def __init__(self, is_masked: bool = False) -> None:
        super().__init__()
        self._scheme = theme.scheme()
        self.resize(scaled(830), scaled(len(VIEWS) * 72))
        self.bodies = []
        for row, (name, view) in enumerate(VIEWS.items()):
            body = IndicatorBody(self, self._scheme, lambda _: None)
            body.is_masked = is_masked
            body.icon.animate(ANIMATIONS.get(name, AnimationState(LEVELS)))
            size = body.fit(view, 0, scaled(700))
            body.move(scaled(250), scaled(row * 72 + 36) - size.height() // 2)
            if is_masked:
                body.setMask(rounded_region(size, body.rect()))
            self.bodies.append(body)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BACKGROUNDS[self._scheme.name]))
        for row, name in enumerate(VIEWS):
            painter.setPen(QColor(self._scheme.text))
            painter.setFont(theme.font("strong"))
            painter.drawText(QPoint(scaled(20), scaled(row * 72 + 41)), name)
            if not self.bodies[row].is_masked:
                paint_shadow(painter, self.bodies[row].geometry(), self._scheme)


class TraySheet(QWidget):
    """The tray icons on a dark and a light panel, in each size and the smallest one enlarged."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(400, 230)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        for column, panel in enumerate(("#1F1F1F", "#F2F2F2")):
            painter.fillRect(column * 205, 0, 200, 230, QColor(panel))
            for i, state in enumerate(get_args(messages.TrayState)):
                x = column * 205 + 8 + i * 48
                for row, size in enumerate(icons.TRAY_SIZES):
                    pixmap = icons.render(f"sayso-{state}-{size}", size)
                    painter.drawPixmap(x, 8 + row * 36, pixmap)
                painter.drawPixmap(x, 170, icons.render(f"sayso-{state}-16", 16).scaled(40, 40))


BROKEN = example_problem("There is no internet.", "The next download resumes.")
STATUSES: dict[str, dict[str, Any]] = {
    "whisper-base": {"location": "package", "speed": Speed(0.2, measured=True)},
    "whisper-tiny": {"location": "own"},
    "whisper-small": {"downloaded_bytes": 218_000_000, "downloading": True, "speed": None},
    "whisper-large-v3-turbo": {"downloaded_bytes": 412_000_000, "problem": BROKEN, "speed": None},
    "whisper-base.en": {"location": "hub"},
}
MODELS_SHOWN = [
    ModelStatus(
        model=model,
        **{"location": "", "speed": Speed(0.2 * model.relative_cost, measured=False)}
        | STATUSES.get(model.name, {}),
    )
    for model in MODELS
]
HISTORY: tuple[tuple[str, Outcome], ...] = (
    (ASKED, "inserted"),
    (f"{LONG} that everybody has read it by then", "held"),
    ("", "failed"),
    (ARABIC, "rescued"),
)


def used(number: int, endpoint: str, minutes: float, cost_usd: float | None) -> DailyUsage:
    day = dt.date.today().replace(day=number)
    took = UsageTotal(takes=3 + number % 4, seconds=60 * minutes, cost_usd=cost_usd)
    return DailyUsage(day=day, endpoint=endpoint, total=took)


USAGE = [
    used(number, *one)
    for number in (2, 3, 4, 5, 6, 9, 10, 11, 12, 16, 17, 18, 19)
    for one in (
        ("OpenAI", number % 5 + 2.5, (number % 5 + 2.5) * 0.017),
        ("on-device", number % 3 + 0.5, 0.0),
        ("Attic", number % 2 * 2.0, None),
    )
]


class ScreenshotApp(FakeApp):
    """An application with some microphones and models, and an API key for every server."""

    def __init__(self) -> None:
        super().__init__()
        self.devices = {"a": "Built-in microphone", "b": "Jabra Evolve 75"}
        self.model_list = {row.model.name: row for row in MODELS_SHOWN}
        self.usage_days = USAGE

    def location(self, host: str) -> str:
        return "keyring"

    def fetch_models(self, endpoint: Endpoint) -> list[str]:
        return []


def actions() -> Actions:
    return ScreenshotApp().actions()


def save(widget: QWidget, path: Path) -> None:
    widget.ensurePolished()
    widget.show()
    for _ in range(5):
        QApplication.processEvents()
    ratio = widget.devicePixelRatioF()
    image = QImage(widget.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    widget.render(image, QPoint(0, 0))
    widget.hide()
    image.save(str(path))


def settings_windows(folder: Path, name: str) -> None:
    box = Endpoint(
        name="The box",
        url="http://192.168.1.20:8000/v1",
        model="whisper-large-v3-turbo",
        allow_insecure="192.168.1.20:8000",
    )
    azure = attrs.evolve(
        find_preset("azure").create_endpoint(
            "https://speech.openai.azure.com/openai/v1", "dictation"
        ),
        headers="X-Team: sound\nX-Cost-Center: 4711",
    )
    gateway = find_preset("cloudflare").create_endpoint(
        "https://gateway.ai.cloudflare.com/v1/a/g/openai"
    )
    endpoints = (Endpoint(), box, azure, gateway)
    several = attrs.evolve(SETTINGS, engine="realtime", endpoints=endpoints)
    own = attrs.evolve(several, profile="The box", fallback=("on-device", "OpenAI"))
    openai = attrs.evolve(SETTINGS, engine="realtime")
    background = Background()
    for page, label, settings in (
        ("general", "general", SETTINGS),
        ("recognition", "recognition-device", SETTINGS),
        ("recognition", "recognition-openai", openai),
        ("recognition", "recognition-own", own),
        ("recognition", "recognition-azure", attrs.evolve(several, profile=azure.name)),
        ("recognition", "recognition-gateway", attrs.evolve(several, profile=gateway.name)),
        ("recognition", "recognition-new", SETTINGS),
        ("text", "text", SETTINGS),
        ("privacy", "privacy", SETTINGS),
        ("usage", "usage", attrs.evolve(SETTINGS, monthly_budget_usd=2.0)),
        ("about", "about", SETTINGS),
    ):
        window = SettingsWindow(actions(), background, settings)
        window.open(page)
        if label == "recognition-device":
            window.resize(QSize(780, 1010))
            window.pages["recognition"].models.show_all(MODELS_SHOWN)  # type: ignore[attr-defined]
        if label == "recognition-own":
            window.pages["recognition"].server.key_row.note.show_message(
                ScreenshotApp().test_connection()
            )  # type: ignore[attr-defined]
        if label == "recognition-new":
            window.pages["recognition"].add_server(find_preset("vllm"))  # type: ignore[attr-defined]
        if label == "recognition-azure":
            window.pages["recognition"].server.advanced.toggle_button.click()  # type: ignore[attr-defined]
        if label.startswith("recognition-") and label != "recognition-device":
            window.resize(QSize(780, 1400))
        if label == "usage":
            window.resize(QSize(780, 700))
            window.pages["usage"].show_days(USAGE)  # type: ignore[attr-defined]
        if label == "general":
            window.pages["general"].meter.show_level(0.55, 0.68)  # type: ignore[attr-defined]
        save(window, folder / f"settings-{label}-{name}.png")
        if label in ("general", "recognition-own", "recognition-device"):
            window.resize(QSize(640, window.height()))
            save(window, folder / f"settings-{label}-narrow-{name}.png")
        window.deleteLater()
    background.stop()


def tray_menus(folder: Path, name: str) -> None:
    background = Background()
    tray = Tray(actions(), background)
    box = Endpoint(name="The box", url="http://192.168.1.20:8000/v1")
    tray.on_settings(attrs.evolve(SETTINGS, engine="realtime", endpoints=(Endpoint(), box)))
    tray.on_status(Status(held_text="Could you", last_text="Could you"))
    tray.menu.resize(tray.menu.sizeHint())
    save(tray.menu, folder / f"tray-menu-{name}.png")
    save(tray.engine_menu, folder / f"tray-engines-{name}.png")
    background.stop()


def history_windows(folder: Path, name: str) -> None:
    background = Background()
    with tempfile.TemporaryDirectory() as temporary:
        store = HistoryStore(Path(temporary) / "history.db")
        archive = Archive(Recordings(Path(temporary)), store, on_problem=lambda _: None)
        window = HistoryWindow(actions(), archive, background, SETTINGS)
        window.open()
        save(window, folder / f"history-empty-{name}.png")
        now = dt.datetime.now(dt.UTC)
        for i, (text, outcome) in enumerate(HISTORY):
            started = (now - dt.timedelta(hours=7 * i)).isoformat(timespec="milliseconds")
            store.put(
                HistoryEntry(
                    id=str(i),
                    started=started,
                    text=text,
                    outcome=outcome,
                    duration_s=3.0 + i,
                    program="editor",
                    engine="on-device",
                    audio="a.flac",
                    error="" if text else "The server did not answer.",
                )
            )
        window.reload()
        while not window.entries:
            QApplication.processEvents()
        window.view.setCurrentIndex(window.view.item_model.index(1, 0))
        save(window, folder / f"history-{name}.png")
        background.stop(wait=True)
        archive.close()


def main(folder: Path) -> None:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setStyle(QStyleFactory.create("Fusion"))
    font = QFont("Noto Sans")
    for pixels, size in ((13, ""), (26, "-large-text")):
        font.setPixelSize(pixels)
        app.setFont(font)
        for chosen in (theme.LIGHT, theme.DARK):
            app.setPalette(theme.palette(chosen))  # there is no desktop here with a dark mode
            name = theme.scheme().name + size
            save(IndicatorSheet(), folder / f"indicator-{name}.png")
            settings_windows(folder, name)
            history_windows(folder, name)
            if not size:
                save(IndicatorSheet(is_masked=True), folder / f"indicator-masked-{name}.png")
                tray_menus(folder, name)
    save(TraySheet(), folder / "tray-icons.png")


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    main(out)
