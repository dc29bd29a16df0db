"""The settings window: a sidebar and its pages, which are created when first shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QPainter, QPalette, QPen, QShortcut
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QScrollArea, QWidget

from ...core.settings.settings import Settings
from ..actions import Actions
from ..background import Background
from ..bridge import Bridge
from ..translate import tr
from ..widgets import style, theme
from ..widgets.controls import spaced
from ..widgets.icons import app_icon, sidebar_icon
from ..widgets.rows import scaled
from ..widgets.sizing import set_window_size
from .about import AboutPage
from .general import GeneralPage, InsertionPage
from .page import Page, PageContext
from .privacy import PrivacyPage
from .recognition.page import RecognitionPage
from .usage import UsagePage

PAGES: tuple[tuple[str, str, Callable[[PageContext, Settings], Page]], ...] = (
    ("general", "General", GeneralPage),
    ("recognition", "Recognition", RecognitionPage),
    ("text", "Text", InsertionPage),
    ("privacy", "History and privacy", PrivacyPage),
    ("usage", "Usage", UsagePage),
    ("about", "About", AboutPage),
)
DEFAULT_SIZE, MINIMUM_SIZE, CONTENT_SIZE = QSize(780, 604), QSize(640, 480), QSize(300, 240)
_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)
SIDEBAR_WIDTH, NARROW_SIDEBAR_WIDTH, NARROW_WIDTH = 188, 44, 700


class Sidebar(QListWidget):
    """List of the pages. Its focus ring is shown only while the keyboard is used."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAccessibleName(tr("Settings pages"))
        self.setIconSize(QSize(scaled(18), scaled(18)))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setContentsMargins(0, 16, 0, 0)
        self.setViewportMargins(0, 16, 0, 16)
        for _, title, _ in PAGES:
            item = QListWidgetItem(tr(title), self)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, tr(title))
            item.setSizeHint(QSize(0, scaled(34)))

    def focusInEvent(self, event: QtGui.QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_focus_ring(event.reason() in _KEYBOARD_REASONS)

    def focusOutEvent(self, event: QtGui.QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_focus_ring(False)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        super().keyPressEvent(event)
        self._show_focus_ring(True)

    def _show_focus_ring(self, shown: bool) -> None:
        if self.property("keyboard") != shown:
            self.setProperty("keyboard", shown)
            self.style().polish(self)


class SettingsWindow(QWidget):
    """Every change takes effect at once. Closing the window hides it."""

    def __init__(self, actions: Actions, background: Background, settings: Settings) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._actions, self._background = actions, background
        self._bridge = Bridge()
        self._settings = settings
        self.pages: dict[str, Page] = {}
        self._areas: dict[str, QScrollArea] = {}
        self.setWindowTitle(tr("Sayso Settings"))
        self.setWindowIcon(app_icon())
        set_window_size(self, DEFAULT_SIZE, MINIMUM_SIZE, CONTENT_SIZE)
        self.sidebar = Sidebar()
        self.sidebar.currentRowChanged.connect(self._show_page)
        self.stack = QtWidgets.QStackedWidget()
        line = spaced(QtWidgets.QHBoxLayout(self), 34, (12, 0, 0, 0))
        line.addWidget(self.sidebar)
        line.addWidget(self.stack, 1)
        self._add_shortcuts()
        self._apply_theme()
        self.sidebar.setCurrentRow(0)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply_theme)

    @property
    def page(self) -> str:
        return PAGES[self.sidebar.currentRow()][0]

    @Slot(object)
    def show_settings(self, settings: Settings) -> None:
        """The settings have changed, in this window or elsewhere."""
        self._settings = settings
        for page in self.pages.values():
            page.on_settings(settings)

    @Slot()
    def refresh_usage(self) -> None:
        """A take has ended: reload the usage page if it is visible."""
        page = self.pages.get("usage")
        if isinstance(page, UsagePage) and page.isVisible():
            page.reload()

    def open(self, page: str = "") -> None:
        """Show the window on a page, by its name; '' for the last page."""
        names = [name for name, *_ in PAGES]
        if page in names:
            self.sidebar.setCurrentRow(names.index(page))
        self.show()
        self.raise_()
        self.activateWindow()

    def _add_shortcuts(self) -> None:
        for at in range(len(PAGES)):
            keys = QShortcut(QKeySequence(f"Ctrl+{at + 1}"), self)
            keys.activated.connect(lambda at=at: self.sidebar.setCurrentRow(at))
        QShortcut(QKeySequence.StandardKey.Close, self).activated.connect(self.close)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._escape)

    def _escape(self) -> None:
        page = self.pages.get(self.page)
        if page is None or not page.escape():
            self.close()

    def _show_page(self, at: int) -> None:
        name, _, make = PAGES[at]
        if name not in self.pages:
            context = PageContext(
                scheme=self.scheme,
                actions=self._actions,
                background=self._background,
                run_in_main_thread=self._bridge.call,
            )
            self.pages[name] = page = make(context, self._settings)
            self._areas[name] = self._scroll_area(page)
            self.stack.addWidget(self._areas[name])
        self.stack.setCurrentWidget(self._areas[name])

    def _scroll_area(self, page: Page) -> QScrollArea:
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.viewport().setAutoFillBackground(False)
        page.setAutoFillBackground(False)
        area.setWidget(page)
        return area

    @Slot()
    def _apply_theme(self) -> None:
        """Use the desktop's colors, or ours if it provides none, and create the pages again."""
        from_desktop = style.has_desktop_palette()
        self.scheme = theme.window_scheme(QGuiApplication.palette(), from_desktop)
        if not from_desktop:
            self.setPalette(theme.palette(self.scheme))
        self.setStyleSheet(style.style_sheet(self.scheme) if style.is_fusion() else "")
        for at, (name, _, _) in enumerate(PAGES):
            self.sidebar.item(at).setIcon(
                sidebar_icon(name, self.scheme.secondary_text, self.scheme.accent)
            )
        for area in self._areas.values():
            self.stack.removeWidget(area)
            area.deleteLater()  # with its page
        self.pages.clear()
        self._areas.clear()
        if (current := self.sidebar.currentRow()) >= 0:
            self._show_page(current)
        self._arrange()

    def _arrange(self) -> None:
        """Show icons with tooltips instead of titles if the window is narrow."""
        narrow = self.width() < scaled(NARROW_WIDTH)
        self.sidebar.setFixedWidth(scaled(NARROW_SIDEBAR_WIDTH if narrow else SIDEBAR_WIDTH))
        for at, (_, title, _) in enumerate(PAGES):
            item = self.sidebar.item(at)
            item.setText("" if narrow else tr(title))
            item.setToolTip(tr(title) if narrow else "")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.ThemeChange):
            self._apply_theme()
        super().changeEvent(event)

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        self.hide()
        event.ignore()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        x = self.sidebar.geometry().right() + 11
        painter.setPen(QPen(QColor(self.scheme.divider), 1))
        painter.drawLine(x, 0, x, self.height())
