"""Printing: where a picture lies on paper, what of it is seen, and what comes out."""

import re

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from safelight.document import Document, FilterFailed, Layer, LayerFailed, LiveFilter, edits
from safelight.gui.panels.document_glimpse import small
from safelight.gui.prints.papers import PAPERS
from safelight.gui.prints.print_dialog import PrintDialog
from safelight.gui.prints.printed_page import Page, placed, printed_image
from safelight.pixels import Raster

A4 = Page(210, 297, 10)


def test_fitted_the_whole_picture_is_as_large_as_the_area_lets_it():
    place = placed(A4, 3000, 2000, "fit")
    assert place.source == QRectF(0, 0, 3000, 2000)
    assert place.target.width() == pytest.approx(190)
    assert place.target.height() == pytest.approx(190 * 2 / 3)
    assert (place.target.center().x(), place.target.center().y()) == (105, 148.5)
    assert place.dpi == pytest.approx(3000 / 190 * 25.4)


def test_filled_the_area_is_covered_and_as_much_is_cut_off_on_either_side():
    place = placed(A4, 3000, 2000, "fill")
    assert place.target == A4.area
    assert place.source.height() == pytest.approx(2000)
    assert place.source.width() == pytest.approx(2000 * 190 / 277)
    assert place.source.center().x() == 1500


def test_at_its_print_size_an_inch_has_the_pixels_that_the_picture_says():
    place = placed(A4, 1200, 600, "size", (300, 150))
    assert place.target.width() == pytest.approx(4 * 25.4)
    assert place.target.height() == pytest.approx(4 * 25.4)
    assert placed(A4, 1200, 600, "size").target.height() == pytest.approx(2 * 25.4)
    large = placed(A4, 6000, 600, "size", (300, 300))
    assert large.target.width() == pytest.approx(190)
    assert large.source.width() == pytest.approx(190 / 25.4 * 300)


def test_the_sheet_lies_as_the_picture_does_and_a_margin_never_takes_all_of_it():
    assert A4.turned_for(30, 20) == Page(297, 210, 10)
    assert A4.turned_for(20, 30) == A4
    assert Page(100, 150, 80).area == QRectF(49.5, 74.5, 1, 1)


def picture(width, height, channels=3):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def array(image):
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    # A copy: the pixels are the image's, and go with it.
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_what_is_printed_is_the_picture_on_white_paper():
    document = picture(333, 1100)  # over several bands, with lines that are padded
    wanted = document.layers[0].raster.to_array()
    assert np.array_equal(array(printed_image(document, None)), wanted)
    clear = picture(40, 30, 4)
    wanted = clear.layers[0].raster.to_array().astype(float)
    alpha = wanted[..., 3:] / 255
    found = array(printed_image(clear, None)).astype(float)
    assert np.abs(found - (wanted[..., :3] * alpha + 255 * (1 - alpha))).max() <= 0.51


class Failing:
    """Runs no filter."""

    def reach(self, filter, level):
        return 0

    def run(self, filter, image, region, canvas):
        raise FilterFailed("it is broken")

    def keeps_channels(self, filters):
        return False


def test_a_layer_that_failed_is_never_left_out_of_a_print_without_a_word():
    broken = edits.add_layer(Layer("Broken", LiveFilter("some.filter"))).apply(picture(40, 30))
    with pytest.raises(LayerFailed, match="Broken"):
        printed_image(broken, Failing())


@pytest.fixture
def dialog(qtbot):
    dialog = PrintDialog(picture(600, 400), None)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    qtbot.waitUntil(lambda: dialog.page.image is not None)
    return dialog


def test_it_tells_how_large_how_fine_and_what_is_cut_off(dialog):
    dialog.how.setCurrentIndex(0)
    assert "27.7 × 18.5 cm, 55 pixels per inch" in dialog.outcome.text()
    assert "coarse" in dialog.outcome.text()
    dialog.paper.setCurrentText("10 × 15 cm")
    dialog.margin.setValue(0)
    assert "15.0 × 10.0 cm" in dialog.outcome.text()
    assert "cut off" not in dialog.outcome.text()
    dialog.how.setCurrentIndex(1)
    dialog.lies.setCurrentIndex(1)
    assert "cut off" in dialog.outcome.text()


def test_a_pdf_has_the_page_and_the_picture(dialog, tmp_path, qtbot):
    path = tmp_path / "out.pdf"
    dialog.save_pdf(path)
    qtbot.waitUntil(lambda: bool(dialog.said))
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    box = re.search(rb"/MediaBox \[([^\]]*)\]", data)
    width, height = PAPERS["A4"]
    sides = [float(x) for x in box[1].split()]
    assert sides[2:] == pytest.approx([height / 25.4 * 72, width / 25.4 * 72], abs=1)
    assert re.search(rb"/Width 600\s*/Height 400", data)
    assert dialog.said == f"Saved as {path}."


def test_where_nothing_can_be_written_it_says_why_and_stays(dialog, tmp_path, qtbot):
    dialog.save_pdf(tmp_path / "missing" / "out.pdf")
    qtbot.waitUntil(lambda: dialog.pdf.isEnabled() and "missing" in dialog.outcome.text())
    assert not dialog.said
    assert dialog.isVisible()


def test_the_page_shows_the_picture_where_it_will_be(dialog):
    image = dialog.page.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    pixels = array(image).astype(int)
    paper = (abs(pixels - (244, 244, 242)) <= 2).all(axis=2)
    assert paper.sum() > 1000
    rows, columns = np.nonzero(paper)
    inside = pixels[rows.min() : rows.max(), columns.min() : columns.max()]
    assert inside.shape[1] > inside.shape[0]  # it lies as the picture does
    middle = inside[inside.shape[0] // 2, inside.shape[1] // 2]
    assert abs(int(middle.mean()) - int(small(dialog._document, 400_000).mean() * 255)) < 60


def test_print_is_in_the_menu_and_settles_the_tool_first(window, opened, qtbot):
    window.deeds["print"].trigger()
    dialog = next(x for x in window.findChildren(PrintDialog) if x.isVisible())
    qtbot.waitUntil(lambda: dialog.page.image is not None)
    dialog.reject()
