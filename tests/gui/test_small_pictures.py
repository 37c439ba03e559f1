"""Small pictures of a photograph have the colours that the canvas has, on every screen."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage

from safelight import actions
from safelight.actions.screen_colours import Proof, Screen
from safelight.document import Document, edits
from safelight.gui.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.gui.controls.palette import Swatch
from safelight.gui.controls.thumb import Thumb
from safelight.gui.export.export_dialog import ExportDialog
from safelight.gui.export.export_preview import _image, _visible
from safelight.gui.open_and_save.develop_dialog import DraftView
from safelight.gui.panels.close_up import CloseUp
from safelight.gui.panels.layers_panel import LayersPanel
from safelight.gui.panels.navigator_panel import Navigator
from safelight.gui.panels.proof_strip import Proof as ProofPicture
from safelight.gui.panels.swatches import Samples
from safelight.gui.previews.proofs import _image as proof_image
from safelight.gui.prints.print_dialog import PrintDialog
from safelight.gui.screen.display_transform import display, tagged
from safelight.gui.screen.soft_proof import _paint_again
from safelight.gui.welcome import Welcome
from safelight.pixels import SRGB, Raster, known_profile
from tests import pictures

RED_IS_BLUE = pictures.swapped_profile()
TABLES = pictures.press_profile(b"RGB ")
PRESS = pictures.press_profile()
COLOUR = (200, 120, 60)
WIDE = known_profile("Adobe_RGB")


@pytest.fixture
def shown():
    """The display of the process, given back as it was."""
    display().changed.connect(_paint_again)
    yield display()
    display().changed.disconnect(_paint_again)
    display().show_on(Screen())


def one(colour=COLOUR, profile=SRGB):
    pixels = np.full((120, 160, 3), colour, np.uint8)
    return Document.from_raster(Raster.from_array(pixels), profile=profile)


def middle(widget, at=None):
    image = widget.grab().toImage()
    colour = image.pixelColor(at or QPoint(image.width() // 2, image.height() // 2))
    return [colour.red(), colour.green(), colour.blue()]


def on_canvas(qtbot, document):
    """The colour of a document of one colour in the middle of the canvas."""
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(200, 160)
    canvas.show()
    picture = Picture(document)
    canvas.show_picture(picture, picture)
    canvas.zoom_to(1.0)
    seen = []

    def settled():
        seen[:] = middle(canvas)
        return canvas.finished and not display()._making

    qtbot.waitUntil(settled)
    return seen


def navigator(document):
    panel = Navigator()
    panel.show_picture(document)
    return panel, panel.map


def layers(document):
    panel = LayersPanel()
    panel.show_document(document, document.layers[0].id)
    return panel, panel.tree.viewport()


def printing(document):
    dialog = PrintDialog(document, None)
    return dialog, dialog.page


def exporting(document):
    dialog = ExportDialog(document, None)
    dialog.format.setCurrentText("PNG")
    return dialog, dialog.preview.view


def proof(document):
    picture = ProofPicture(1, "1")
    picture.show_image(proof_image(document, document.region, None))
    return picture, picture


def thumb(document):
    made = Thumb()
    made.show_image(proof_image(document, document.region, None))
    return made, made


SHOWING = [navigator, layers, printing, exporting, proof, thumb]


def has(widget, colour):
    """Whether a good part of a widget is of a colour."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    return int((np.abs(pixels.astype(int) - colour).max(axis=2) <= 2).sum()) > 100


@pytest.mark.parametrize("make", SHOWING, ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    "screen",
    [Screen(), Screen(RED_IS_BLUE), Screen(TABLES), Screen(WIDE.icc), Screen(None, Proof(PRESS))],
    ids=["sRGB", "swapped", "tables", "wide", "print"],
)
def test_a_small_picture_has_the_colours_of_the_canvas(qtbot, shown, make, screen):
    document = one((30, 200, 60), WIDE)
    shown.show_on(screen)
    expected = on_canvas(qtbot, document)
    widget, part = make(document)
    qtbot.addWidget(widget)
    widget.resize(600, 400)
    widget.show()
    qtbot.waitUntil(lambda: has(part, expected), timeout=60_000)


@pytest.mark.parametrize("make", SHOWING, ids=lambda make: make.__name__)
def test_a_small_picture_follows_the_window_to_another_screen(qtbot, shown, make):
    widget, part = make(one())
    qtbot.addWidget(widget)
    widget.resize(600, 400)
    widget.show()
    qtbot.waitUntil(lambda: has(part, COLOUR), timeout=60_000)
    shown.show_on(Screen(RED_IS_BLUE))
    qtbot.waitUntil(lambda: has(part, COLOUR[::-1]))


def test_the_draft_of_a_raw_file_and_a_close_up_are_shown_alike(qtbot, shown, monkeypatch):
    monkeypatch.setattr(CloseUp, "show", lambda _: None)
    shown.show_on(Screen(RED_IS_BLUE))
    view = DraftView()
    qtbot.addWidget(view)
    view.show_pixels(np.full((60, 80, 3), COLOUR, np.uint8))
    view.show()
    qtbot.waitUntil(lambda: middle(view) == pytest.approx(COLOUR[::-1], abs=1))
    closeup = CloseUp(view)
    closeup.show_beside(view, proof_image(one(), one().region, None), "1")
    assert middle(closeup.picture) == pytest.approx(COLOUR[::-1], abs=1)


def test_colours_that_were_picked_look_as_they_do_on_the_canvas(qtbot, shown):
    swatch, samples = Swatch(), Samples()
    for widget in (swatch, samples):
        qtbot.addWidget(widget)
    name = QColor(*COLOUR).name()
    swatch.show_colour(name)
    swatch.show()
    samples.show_colours([("200 120 60", name)])
    samples.show()
    chip = samples.rows[0][1]
    assert middle(swatch) == list(COLOUR)
    assert middle(chip) == list(COLOUR)
    shown.show_on(Screen(RED_IS_BLUE))
    qtbot.waitUntil(lambda: middle(swatch) == list(COLOUR[::-1]))
    qtbot.waitUntil(lambda: middle(chip) == list(COLOUR[::-1]))
    assert name in chip.toolTip()  # the number is the picture's, whatever the screen


def test_alpha_stays_where_colours_change(qtbot, shown):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2] = *COLOUR, 255
    image = tagged(pixels, SRGB)
    shown.show_on(Screen(RED_IS_BLUE))
    qtbot.waitUntil(lambda: shown.shown(image) is not image)
    seen = shown.shown(image)
    assert seen.pixelColor(0, 0).getRgb() == pytest.approx((*COLOUR[::-1], 255), abs=1)
    assert seen.pixelColor(0, 3).alpha() == 0


def test_what_needs_no_change_is_not_copied_and_what_is_made_is_kept(qtbot, shown):
    image = tagged(np.full((4, 4, 3), COLOUR, np.uint8), SRGB)
    assert shown.shown(image) is image
    shown.show_on(Screen(RED_IS_BLUE))
    qtbot.waitUntil(lambda: shown.shown(image) is not image)
    assert shown.shown(image).cacheKey() == shown.shown(image).cacheKey()
    assert shown.shown(QImage()).isNull()


def test_samples_on_the_first_page_are_shown_through_the_monitors_profile(qtbot, shown):
    page = Welcome()
    qtbot.addWidget(page)
    page._show_samples(
        [(Path("sample.jpg"), tagged(np.full((248, 372, 3), COLOUR, np.uint8), SRGB))]
    )

    def seen():
        return (
            page.samples[0].icon().pixmap(QSize(186, 124)).toImage().pixelColor(90, 60).getRgb()[:3]
        )

    assert seen() == COLOUR
    shown.show_on(Screen(RED_IS_BLUE))
    qtbot.waitUntil(lambda: seen() != COLOUR)
    assert seen() == pytest.approx(COLOUR[::-1], abs=1)


def test_the_preview_of_ink_is_what_its_profile_says(shown):
    document = one((30, 160, 220))
    options = actions.ExportOptions(format="TIFF", profile=PRESS)
    content = actions.content_of(document, options)
    assert content.space == "cmyk"
    seen = _image(_visible(content), QRect(0, 0, 4, 4)).pixelColor(0, 0)
    there = Screen(None, Proof(PRESS)).seen(np.float32([[[30, 160, 220]]]) / 255, SRGB)
    wide = np.float32([[seen.getRgb()[:3]]]) / 255
    found = known_profile("Rec_2020").to_srgb(wide)[0, 0]
    assert found == pytest.approx(there[0, 0], abs=3 / 255)


def test_a_layers_small_picture_is_in_the_profile_of_its_document(qtbot, shown):
    document = one((30, 200, 60), known_profile("ProPhoto_RGB"))
    widget, part = layers(document)
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.show()
    qtbot.waitUntil(lambda: has(part, on_canvas(qtbot, document)), timeout=60_000)
    assigned = edits.assign_profile(profile="sRGB").apply(document)
    widget.show_document(assigned, assigned.layers[0].id)
    qtbot.waitUntil(lambda: has(part, (30, 200, 60)))
