"""The glyph and the program's icon as SVG.

`python -m sayso.ui.widgets.icon_files DIR` writes the files of `resources/icons`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainterPath

from . import app_icon, theme
from .tray_icon import SHAPES, Shape, layers


def export(folder: Path) -> list[Path]:
    """Write the icon files: symbolic for panels, coloured for reports, and the launcher's."""
    files = {"sayso.svg": launcher_svg()}
    for shape in SHAPES:
        files[f"sayso-{shape}-symbolic.svg"] = svg(shape, 16)
        files[f"sayso-{shape}-on-dark.svg"] = svg(shape, 32, theme.TRAY_ON_DARK)
        files[f"sayso-{shape}-on-light.svg"] = svg(shape, 32, theme.TRAY_ON_LIGHT)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def svg(shape: Shape, size: int, colours: Mapping[str, str] | None = None) -> str:
    """Without colours it is the symbolic drawing, which the panel recolours."""
    body = ""
    for role, path in layers(shape, size):
        rule = "evenodd" if path.fillRule() == Qt.FillRule.OddEvenFill else "nonzero"
        fade = ' opacity=".5"' if role == "dim" else ""
        fill = (
            f'fill="{colours["ink" if role == "dim" else role]}"'
            if colours
            else 'class="ColorScheme-Text" fill="currentColor"'
        )
        body += f'<path {fill}{fade} fill-rule="{rule}" d="{_data(path)}"/>'
    style = (
        ""
        if colours
        else '<style type="text/css" id="current-color-scheme">'
        ".ColorScheme-Text{color:#232629}</style>"
    )
    return _document(size, size, style + body)


def launcher_svg() -> str:
    gradient = (
        '<defs><linearGradient id="g" x1="0" y1="6" x2="0" y2="58" '
        f'gradientUnits="userSpaceOnUse"><stop stop-color="{app_icon.TOP}"/>'
        f'<stop offset="1" stop-color="{app_icon.BOTTOM}"/></linearGradient></defs>'
    )
    badge = '<rect x="6" y="6" width="52" height="52" rx="11.7" fill="url(#g)"/>'
    parts = "".join(
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}" fill="#fff"/>'
        for x, y, w, h, r in app_icon.PARTS
    )
    return _document(256, 64, gradient + badge + parts)


def _document(side: int, canvas: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" '
        f'viewBox="0 0 {canvas} {canvas}">{body}</svg>\n'
    )


def _data(path: QPainterPath) -> str:
    """An SVG path; a curve is three elements in Qt."""
    out, at = [], 0
    while at < path.elementCount():
        element = path.elementAt(at)
        if element.isMoveTo() or element.isLineTo():
            out.append(f"{'M' if element.isMoveTo() else 'L'}{_pair(path, at)}")
            at += 1
        else:
            out.append("C" + " ".join(_pair(path, at + step) for step in range(3)))
            at += 3
    return "".join(out) + "Z"


def _pair(path: QPainterPath, at: int) -> str:
    element = path.elementAt(at)
    return f"{_number(element.x)} {_number(element.y)}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    export(Path(sys.argv[1]))
