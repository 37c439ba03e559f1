"""A cropped and straightened picture in the window: it is painted on, looked at and exported."""

import numpy as np
from PIL import Image

from safelight import actions
from safelight.api import Region
from safelight.document import Edit, geometry
from tests.gui.test_brush import at, selected, stroke

FRAME = Edit(
    "Frame",
    lambda document: geometry.crop(geometry.straighten(document, 3), Region(30, 20, 250, 180)),
)


def framed(opened, qtbot):
    opened.session.do(FRAME)
    canvas = opened.canvas
    qtbot.waitUntil(lambda: opened.session.document.width == 250, timeout=30000)
    canvas.fit()
    canvas.zoom_to(1.0)
    return canvas


def test_a_stroke_on_a_cropped_and_straightened_picture_lies_under_the_hand(opened, qtbot):
    canvas = framed(opened, qtbot)
    canvas.take("brush")
    stroke(canvas, qtbot, (100, 80), (160, 80))
    mask = opened.session.document.picture.selection.to_array()[..., 0]
    assert mask.shape == (180, 250)
    rows, columns = np.nonzero(mask > 127)
    assert abs(rows.mean() + 0.5 - 80) < 1
    assert abs(columns.mean() + 0.5 - 130) < 1
    opened.session.undo()
    assert selected(opened) is None


def test_what_is_exported_of_a_straightened_picture_is_what_is_seen(opened, qtbot, tmp_path):
    canvas = framed(opened, qtbot)
    path = tmp_path / "out.png"
    actions.export(opened.session.document, path)
    pixels = np.asarray(Image.open(path))[..., :3].astype(int)
    assert pixels.shape == (180, 250, 3)
    qtbot.waitUntil(lambda: (canvas.grab().toImage(), canvas.finished)[1], timeout=60000)
    image = canvas.grab().toImage()
    ratio = image.devicePixelRatio()
    for x, y in ((20, 15), (125, 90), (240, 30), (8, 170)):
        place = at(canvas, x + 0.5, y + 0.5)
        seen = image.pixelColor(int(place.x() * ratio), int(place.y() * ratio))
        around = pixels[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
        colour = np.array([seen.red(), seen.green(), seen.blue()])
        assert np.abs(around - colour).max(axis=1).min() <= 3
