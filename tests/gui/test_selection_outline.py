"""A selection is seen as a dashed outline at its edge, and nothing else of the picture changes."""

import numpy as np
import pytest
from PySide6.QtCore import QRect

from safelight.api import Region
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.selection_outline import Seen, outline, outline_takes_time
from safelight.gui.canvas.view_geometry import View
from safelight.pixels import Raster


def selected(width, height, *regions):
    found = Raster.filled(width, height, (0,), "uint8")
    for region in regions:
        found = found.filled_at(region, 255)
    return found


def drawn(selection, seen):
    """The outline's alpha (height, width) as a mask, and its grey values."""
    image = outline(selection, seen)
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return rows[:, : image.width()] >> 24 > 0, rows[:, : image.width()] & 255


def at(zoom, size, room=(400, 300), ratio=1.0, **view):
    view = {"x": size[0] / 2, "y": size[1] / 2} | view
    return Seen.through(Pose(View(zoom, **view), size, room, ratio))


def place(seen, region, zoom):
    """Where a region of the picture lies in the outline's image, in whole pixels."""
    left, top = seen.left - seen.area.x(), seen.top - seen.area.y()
    edges = (left + region.x * zoom, top + region.y * zoom)
    ends = (left + region.right * zoom, top + region.bottom * zoom)
    return [round(value) for value in (*edges, *ends)]


@pytest.mark.parametrize("zoom", [1.0, 2.0, 8.0, 0.5, 0.25])
def test_the_line_lies_on_the_outermost_pixels_of_a_rectangle(zoom):
    size, box = (160, 120), Region(40, 32, 64, 48)
    seen = at(zoom, size, room=(1600, 1200))
    line, _ = drawn(selected(*size, box), seen)
    left, top, right, bottom = place(seen, box, zoom)
    wanted = np.zeros_like(line)
    wanted[top:bottom, left:right] = True
    wanted[top + 1 : bottom - 1, left + 1 : right - 1] = False
    assert np.array_equal(line, wanted)


def test_the_line_is_black_and_white_in_turn():
    size = (160, 120)
    line, grey = drawn(selected(*size, Region(20, 20, 100, 80)), at(1.0, size))
    black, white = (grey[line] == 0).sum(), (grey[line] == 255).sum()
    assert black + white == line.sum()
    assert 0.4 < black / line.sum() < 0.6
    runs = np.diff(np.flatnonzero(np.diff(grey[line.argmax(0).max()][line.any(0)].astype(int))))
    assert runs.size == 0 or runs.max() <= 4


def test_a_hole_and_an_island_have_lines_of_their_own():
    size = (160, 120)
    selection = selected(*size, Region(20, 20, 100, 80)).filled_at(Region(50, 50, 20, 20), 0)
    selection = selection.filled_at(Region(140, 4, 10, 10), 255)
    seen = at(1.0, size)
    line, _ = drawn(selection, seen)
    x, y = round(seen.left) - seen.area.x(), round(seen.top) - seen.area.y()
    assert line[y + 49, x + 50 : x + 70].all()
    assert not line[y + 51, x + 52 : x + 68].any()
    assert line[y + 4, x + 140 : x + 150].all()


def test_what_is_selected_to_the_border_of_the_picture_is_closed_there_but_not_at_the_screens():
    size = (160, 120)
    whole = selected(*size, Region(0, 0, *size))
    line, _ = drawn(whole, at(1.0, size))
    assert line.sum() == 2 * 160 + 2 * 118
    inside = at(4.0, size)  # 640 x 480 on a screen of 400 x 300: no border is in view
    assert not drawn(whole, inside)[0].any()


def test_less_than_half_selected_lies_outside():
    size = (160, 120)
    ramp = np.linspace(0, 255, 160).astype(np.uint8)
    soft = Raster.from_array(np.tile(ramp[None, :, None], (120, 1, 1)))
    seen = at(1.0, size)
    line, _ = drawn(soft, seen)
    x = round(seen.left) - seen.area.x()
    middle = line[line.shape[0] // 2]
    first = int(np.argmax(soft.to_array()[0, :, 0] >= 128))
    assert np.flatnonzero(middle).tolist() == [x + first, x + 159]


def test_the_line_is_as_thick_on_a_fine_screen():
    size = (160, 120)
    seen = at(2.0, size, room=(800, 600), ratio=2.0)
    line, _ = drawn(selected(*size, Region(40, 32, 64, 48)), seen)
    across = line[line.shape[0] // 2]
    assert across.sum() == 4
    assert seen.thick == 2


def test_a_zoom_level_of_a_large_selection_is_for_a_thread_once():
    large = selected(6000, 4000, Region(10, 10, 3000, 3000))
    assert outline_takes_time(large, 2)
    assert not outline_takes_time(large, 0)
    large.level(2)
    assert not outline_takes_time(large, 2)
    assert not outline_takes_time(selected(1000, 1000), 1)


def test_only_what_is_on_the_screen_is_looked_at():
    seen = at(1.0, (6000, 4000))
    assert seen.area == QRect(0, 0, 400, 300)
