"""Printed page: where a picture lies on a page, and the page painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from PySide6.QtCore import QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPagedPaintDevice, QPageLayout, QPageSize, QPainter

from safelight.api import Region
from safelight.document import Document, Live, render_srgb
from safelight.pixels import from_float

How: TypeAlias = Literal["fit", "fill", "size"]
"""The whole picture as large as it fits; the whole area filled; the picture's own print size."""

INCH = 25.4
"""Millimetres of an inch."""

_USUAL = 300.0
"""Dots per inch of a picture that says nothing of it."""

_BAND = 512
"""Rows that are rendered at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of ``width`` x ``height`` mm with a ``margin`` in mm on each side."""

    width: float
    height: float
    margin: float = 10.0

    def turned_for(self, width: int, height: int) -> Page:
        """The sheet, lying or standing as a picture of that size does."""
        long, short = max(self.width, self.height), min(self.width, self.height)
        across, down = (long, short) if width > height else (short, long)
        return Page(across, down, self.margin)

    @property
    def area(self) -> QRectF:
        """What is printed on, in mm; something is left of it, however wide the margin is."""
        width, height = (max(side - 2 * self.margin, 1.0) for side in (self.width, self.height))
        return QRectF((self.width - width) / 2, (self.height - height) / 2, width, height)


@dataclass(frozen=True, slots=True)
class Placed:
    """``target``: where the picture lies on the page, in mm. ``source``: what of it is seen, in its
    pixels. ``dpi``: its pixels per inch of paper.
    """

    target: QRectF
    source: QRectF
    dpi: float


def placed(
    page: Page, width: int, height: int, how: How, dpi: tuple[float, float] | None = None
) -> Placed:
    """Where a picture of ``width`` x ``height`` pixels lies, always in the middle of the area.

    What does not fit is cut off evenly on both sides. ``dpi`` is what the picture says of itself.
    """
    area = page.area
    if how == "size":
        across, down = dpi or (_USUAL, _USUAL)
        x, y = INCH / across, INCH / down
    else:
        sides = area.width() / width, area.height() / height
        x = y = min(sides) if how == "fit" else max(sides)
    shown_width, shown_height = min(width, area.width() / x), min(height, area.height() / y)
    target = QRectF(0, 0, shown_width * x, shown_height * y)
    target.moveCenter(area.center())
    source = QRectF(0, 0, shown_width, shown_height)
    source.moveCenter(QRectF(0, 0, width, height).center())
    return Placed(target, source, INCH / x)


def printed_image(document: Document, live: Live | None) -> QImage:
    """The picture in sRGB of 8 bits on white paper. Call it on a thread; raises LayerFailed."""
    width, height = document.width, document.height
    image = QImage(width, height, QImage.Format.Format_RGB888)
    for top in range(0, height, _BAND):
        rows = min(_BAND, height - top)
        pixels = np.clip(render_srgb(document, Region(0, top, width, rows), live), 0, 1)
        if pixels.shape[2] == 4:
            alpha = pixels[..., 3:]
            pixels = pixels[..., :3] * alpha + (1 - alpha)
        band = np.ascontiguousarray(from_float(pixels[..., :3], "uint8"))
        line = image.bytesPerLine()
        held = np.frombuffer(image.bits(), np.uint8).reshape(height, line)
        held[top : top + rows, : 3 * width] = band.reshape(rows, 3 * width)
    return image


def paint_page(device: QPagedPaintDevice, page: Page, place: Placed, image: QImage) -> bool:
    """Paint a picture on a device; False where that cannot be begun."""
    size = QPageSize(QSizeF(page.width, page.height), QPageSize.Unit.Millimeter)
    layout = QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF())
    layout.setMode(QPageLayout.Mode.FullPageMode)
    device.setPageLayout(layout)
    painter = QPainter()
    if not painter.begin(device):
        return False
    dots = device.logicalDpiX() / INCH, device.logicalDpiY() / INCH
    target = QRectF(
        place.target.x() * dots[0],
        place.target.y() * dots[1],
        place.target.width() * dots[0],
        place.target.height() * dots[1],
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(target, image, place.source)
    return painter.end()
