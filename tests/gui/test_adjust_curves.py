"""Curves in Adjust: the tones that enter a curve stand behind it, and are set on the picture."""

import threading

import numpy as np
import pytest

from safelight.document import edits
from safelight.gui.panels import glimpse
from tests.gui.conftest import PATIENCE

CURVES, LIGHT = "safelight_adjust.curves", "safelight_adjust.light"


@pytest.fixture
def row(opened):
    """The curves of Adjust, unfolded."""
    opened.filters.home.boxes["Curves"].unfold()
    return opened.filters.home.row_of(CURVES)


def box(row, name):
    return row.controls[name].box


def behind(row, name, qtbot):
    """The histogram behind a curve, once it is there and no other is on its way."""
    qtbot.waitUntil(
        lambda: not row._glimpse.busy and box(row, name).histogram is not None, timeout=PATIENCE
    )
    return box(row, name).histogram


def test_behind_each_curve_stands_the_histogram_of_its_channel(row, qtbot):
    # The photograph's red runs evenly from 0 to 255, its blue no further than that of its sides.
    red, light = behind(row, "red", qtbot), behind(row, "luminance", qtbot)
    assert red.min() > 0.2
    assert light[:8].max() < 0.3 * light.max()
    assert behind(row, "green", qtbot).shape == (256,)
    assert not np.array_equal(red, behind(row, "rgb", qtbot))


def test_it_is_of_what_lies_below_the_curves_and_not_of_what_they_make(row, opened, qtbot):
    before = behind(row, "rgb", qtbot)
    box(row, "rgb").add_point(0.5, 0.9)
    assert opened.session.layer.filter.id == CURVES
    assert np.array_equal(behind(row, "rgb", qtbot), before)
    light = opened.filters.home.row_of(LIGHT).controls["exposure"]
    light.field.setValue(-2.0)  # above the curves: what enters them is as it was
    assert np.array_equal(behind(row, "rgb", qtbot), before)
    opened.session.undo()
    opened.session.undo()
    light.field.setValue(-2.0)  # the picture that curves would now be laid over
    qtbot.waitUntil(lambda: not np.array_equal(box(row, "rgb").histogram, before), timeout=PATIENCE)


def test_it_is_counted_on_a_thread_and_not_again_while_the_curve_is_dragged(
    row, opened, qtbot, monkeypatch
):
    behind(row, "rgb", qtbot)
    threads, count = [], row._glimpse._work

    def counted(*what):
        threads.append(threading.current_thread())
        return count(*what)

    monkeypatch.setattr(row._glimpse, "_work", counted)
    for y in (0.6, 0.65, 0.7):
        box(row, "rgb").add_point(0.5, 0.5)
        box(row, "rgb").move_point(0.5, y)
        assert not row._glimpse.busy
    opened.filters.home.row_of(LIGHT).controls["exposure"].field.setValue(-2.0)
    opened.session.do(edits.delete_layer(layer=curves_of(opened)))
    qtbot.waitUntil(lambda: bool(threads) and not row._glimpse.busy, timeout=PATIENCE)
    assert threading.main_thread() not in threads


def curves_of(opened):
    layers = opened.session.document.layers
    return next(x.id for x in layers if x.filter is not None and x.filter.id == CURVES)


def test_what_is_folded_is_not_counted(opened, qtbot):
    section = opened.filters.home.boxes["Curves"]
    section.unfold()
    section.unfold(False)
    row = opened.filters.home.row_of(CURVES)
    opened.filters.home.row_of(LIGHT).controls["exposure"].field.setValue(1.0)
    qtbot.wait(3 * glimpse._PAUSE)
    assert box(row, "rgb").histogram is None
    section.unfold()
    behind(row, "rgb", qtbot)
