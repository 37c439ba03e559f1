"""The lightbox, by real mouse and keys: going on, going back, from A to B, what is shown when."""

from typing import Annotated

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from safelight import actions, api
from safelight.actions.lightbox_codes import FAR, NEAR, current, mixed, neighbours
from safelight.api.parameters import parameter_of
from safelight.gui.controls import CodeControl, LightboxControl, PaletteControl, control_for
from safelight.gui.controls.neighbourhood import MIDDLE
from safelight.gui.window import Window
from tests.gui.conftest import choose, drag, open_in, wake
from tests.plugins.safelight_making import SIZE

LEFT = Qt.MouseButton.LeftButton
LIMIT = 60000
"""Milliseconds to wait for what another process makes."""


@pytest.fixture
def make(qtbot):
    """A lightbox on the screen whose seed is 5; ``told`` has what was chosen."""

    def shown(width=260):
        parameter = parameter_of("code", Annotated[tuple[float, ...], api.Latent(SIZE)], ())
        control = control_for(parameter)
        assert isinstance(control, LightboxControl)
        control.seed = lambda: 5
        qtbot.addWidget(control)
        control.setFixedWidth(width)
        control.told = []
        control.changed.connect(lambda: control.told.append((control.value(), control.token)))
        control.show()
        qtbot.waitExposed(control)
        return control

    return shown


def click(qtbot, control, place):
    qtbot.mouseClick(control.grid.thumbs[place], LEFT)


def slots(control):
    """The thumbs of A and B."""
    return list(control.slots)


# -- codes -----------------------------------------------------------------------------------


def test_neighbours_are_the_same_each_time_and_others_when_shuffled():
    code = current((), 3, 64)
    assert neighbours(code, NEAR) == neighbours(code, NEAR)
    assert not set(neighbours(code, NEAR)) & set(neighbours(code, NEAR, 1))
    assert len(set(neighbours(code, FAR))) == 8


def test_what_lies_opposite_is_the_opposite_way():
    code = np.array(current((), 3, 64))
    around = np.array(neighbours(tuple(code), NEAR))
    middle = np.sqrt(1 - NEAR**2) * code
    assert np.abs((around + around[::-1]) / 2 - middle).max() < 1e-3


def test_however_far_one_goes_a_code_stays_a_likely_one():
    code = current((), 3, 128)
    for step in range(200):
        code = neighbours(code, FAR)[step % 8]
    # The length of 128 normal numbers is sqrt(128) with a deviation of 0.7.
    assert abs(np.linalg.norm(code) - np.sqrt(128)) < 4 * 0.71


def test_a_near_neighbour_is_nearer_than_a_far_one():
    code = np.array(current((), 3, 128))
    near, far = (
        min(np.linalg.norm(np.array(x) - code) for x in neighbours(tuple(code), step))
        for step in (NEAR, FAR)
    )
    assert near < far


# -- going on and back -----------------------------------------------------------------------


def test_where_nothing_is_chosen_the_seed_is_in_the_middle(make):
    control = make()
    assert control.value() == ()
    assert control.wanted_pictures()[0] == (control.grid.thumbs[MIDDLE], current((), 5, SIZE))


@pytest.mark.parametrize("place", [0, 1, 3, 5, 8])
def test_a_click_goes_to_that_neighbour(make, qtbot, place):
    control = make()
    codes = dict(control.wanted_pictures())
    click(qtbot, control, place)
    assert control.value() == codes[control.grid.thumbs[place]]
    assert [value for value, _ in control.told] == [control.value()]
    click(qtbot, control, MIDDLE)
    assert len(control.told) == 1


def test_arrows_move_the_focus_and_return_goes_there(make, qtbot):
    control = make()
    codes = dict(control.wanted_pictures())
    thumbs = control.grid.thumbs
    thumbs[MIDDLE].setFocus()
    for key, place in (
        (Qt.Key.Key_Up, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Down, 5),
    ):
        qtbot.keyClick(control.focusWidget(), key)
        assert control.focusWidget() is thumbs[place]
    assert control.told == []
    qtbot.keyClick(control.focusWidget(), Qt.Key.Key_Return)
    assert control.value() == codes[thumbs[5]]
    assert control.focusWidget() is thumbs[MIDDLE]


def test_back_leads_back_through_all_that_was_chosen(make, qtbot):
    control = make()
    assert not control.back.isEnabled()
    values = [control.value()]
    for place in (0, 5, 7):
        click(qtbot, control, place)
        values.append(control.value())
    for value in values[-2::-1]:
        qtbot.mouseClick(control.back, LEFT)
        assert control.value() == value
    assert not control.back.isEnabled()


def test_shuffle_shows_others_and_leaves_the_value(make, qtbot):
    control = make()
    before = [code for _, code in control.wanted_pictures()]
    qtbot.mouseClick(control.shuffle, LEFT)
    after = [code for _, code in control.wanted_pictures()]
    assert after[0] == before[0]
    assert not set(after[1:]) & set(before[1:])
    assert control.told == []


def test_far_shows_other_neighbours_in_the_same_directions(make, qtbot):
    control = make()
    middle, near, *_ = (np.array(code) for _, code in control.wanted_pictures())
    qtbot.mouseClick(control.paces["Far"], LEFT)
    far = np.array(control.wanted_pictures()[1][1])
    ways = [
        (code - np.sqrt(1 - step**2) * middle) / step for code, step in ((near, NEAR), (far, FAR))
    ]
    assert np.abs(ways[0] - ways[1]).max() < 2e-3


# -- from A to B -----------------------------------------------------------------------------


def test_a_and_b_take_the_current_one_and_the_slider_leads_from_one_to_the_other(make, qtbot):
    control = make()
    a = current((), 5, SIZE)
    assert not control.slider.isEnabled()
    qtbot.mouseClick(slots(control)[0], LEFT)
    assert not control.slider.isEnabled()
    click(qtbot, control, 2)
    b = control.value()
    qtbot.mouseClick(slots(control)[1], LEFT)
    assert control.slider.isEnabled()
    assert control.slider.value() == 100
    assert control.wanted_pictures()[-2:] == list(zip(slots(control), (a, b), strict=True))
    for position in (50, 0):
        control.slider.setValue(position)
        assert control.value() == mixed(a, b, position / 100)


def test_a_drag_is_one_step_and_shows_the_middle_alone(make, qtbot):
    control = make()
    qtbot.mouseClick(slots(control)[0], LEFT)
    click(qtbot, control, 2)
    qtbot.mouseClick(slots(control)[1], LEFT)
    b, count = control.value(), len(control.told)
    control.slider.sliderPressed.emit()
    for position in (80, 40, 30):
        control.slider.setValue(position)
        assert len(control.wanted_pictures()) == 3  # the middle, A and B
    control.slider.sliderReleased.emit()
    assert len(control.wanted_pictures()) == 11
    told = control.told[count:]
    assert len({value for value, _ in told}) == 3
    assert len({token for _, token in told}) == 1
    qtbot.mouseClick(control.back, LEFT)
    assert control.value() == b


@pytest.mark.parametrize("width", [190, 240, 333, 500])
def test_the_grid_is_square_and_fills_its_width(make, qtbot, width):
    control = make(width)
    control.show_locked(False)
    qtbot.waitUntil(lambda: control.lock.geometry().right() < 640)
    thumbs = control.grid.thumbs
    first, last = thumbs[0].geometry(), thumbs[-1].geometry()
    across = last.right() - first.left() + 1
    assert across == last.bottom() - first.top() + 1
    assert abs(across - min(width, 360)) <= 3
    right = max(x.geometry().right() for x in (control.lock, control.slider, control.shuffle))
    assert right < width


# -- a code beside it, a palette -------------------------------------------------------------

NARROWEST = 190
"""Pixels that a control has in the narrowest panel."""


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        (Annotated[tuple[float, ...], api.Latent(3)], (1.0, 2.0, 3.0)),
        (Annotated[tuple[float, ...], api.Latent(3, role="held")], (1.0, 2.0, 3.0)),
        (api.Palette, ()),
        (api.Palette, ("#ffffff",) * 7),
        (api.Palette, ("#ffffff",) * 8),
    ],
)
def test_a_control_fits_the_narrowest_panel(qtbot, sort, value):
    control = control_for(parameter_of("a_rather_long_name", sort, ()))
    qtbot.addWidget(control)
    control.set_value(value)
    if isinstance(control, LightboxControl):
        control.show_locked(True)
    control.show()
    assert control.minimumSizeHint().width() <= NARROWEST


def test_a_code_beside_it_can_be_cleared(qtbot):
    sort = Annotated[tuple[float, ...], api.Latent(3, role="held")]
    control = control_for(parameter_of("held", sort, ()))
    assert isinstance(control, CodeControl)
    qtbot.addWidget(control)
    assert not control.clear.isEnabled()
    control.set_value((1.0, 2.0, 3.0))
    assert control.wanted_pictures() == [(control.thumb, (1.0, 2.0, 3.0))]
    with qtbot.waitSignal(control.changed):
        control.clear.click()
    assert control.value() == ()
    assert control.wanted_pictures() == []


@pytest.fixture
def palette(qtbot):
    control = control_for(parameter_of("palette", api.Palette, ()))
    assert isinstance(control, PaletteControl)
    qtbot.addWidget(control)
    control.show()
    return control


def chooser(monkeypatch, colour):
    """The colour dialog answers with that colour; "" = it is left."""
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QColorDialog

    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor(colour))


def test_colours_are_added_changed_and_removed(palette, qtbot, monkeypatch):
    told = []
    palette.changed.connect(lambda: told.append(palette.value()))
    chooser(monkeypatch, "#102030")
    qtbot.mouseClick(palette.add, LEFT)
    chooser(monkeypatch, "#aabbcc")
    qtbot.mouseClick(palette.add, LEFT)
    assert palette.value() == ("#102030", "#aabbcc")
    chooser(monkeypatch, "#ffffff")
    qtbot.mouseClick(palette.swatches[0], LEFT)
    assert palette.value() == ("#ffffff", "#aabbcc")
    chooser(monkeypatch, "")
    qtbot.mouseClick(palette.swatches[0], LEFT)
    qtbot.keyClick(palette.swatches[0], Qt.Key.Key_Delete)
    assert palette.value() == ("#aabbcc",)
    assert len(told) == 4


def test_a_full_palette_takes_no_more(palette):
    palette.set_value(tuple(f"#00000{n}" for n in range(8)))
    assert not palette.add.isVisible()
    palette.set_value(("#000000",))
    assert palette.add.isVisible()


def test_a_picture_without_colours_is_said(palette, qtbot):
    qtbot.mouseClick(palette.from_photograph, LEFT)
    assert not palette.from_photograph.isEnabled()
    palette.take_colours(())
    assert palette.trouble.isVisible()
    assert palette.from_photograph.isEnabled()


# -- in the window ---------------------------------------------------------------------------


@pytest.fixture
def awake(offer, qtbot):
    """A window that knows the generators of the tests."""
    offer("safelight_making")
    return wake(Window(), qtbot)


@pytest.fixture
def workspace(awake, photo, qtbot):
    return open_in(awake, photo, qtbot)


@pytest.fixture
def rounds(monkeypatch):
    """How many sketches were asked for, each time."""
    counts = []
    want = actions.Sketcher.want

    def counted(self, settings, side):
        counts.append(len(settings))
        return want(self, settings, side)

    monkeypatch.setattr(actions.Sketcher, "want", counted)
    return counts


def control(panel, name):
    return next(item for item in panel.controls if item.parameter.name == name)


def there(lightbox):
    """Whether all that it wants to show is there."""
    return all(thumb.image and not thumb.waiting for thumb, _ in lightbox.wanted_pictures())


def tried(workspace, qtbot, name, **settings):
    """The panel of a generator, once its lightbox shows everything; no preview."""
    panel = choose(workspace.window(), name)
    panel.preview.setChecked(False)
    if settings:
        panel.set_settings(panel.declaration.settings(settings))
    lightbox = panel.latents.lightbox
    qtbot.waitUntil(lambda: there(lightbox), timeout=LIMIT)
    return panel, lightbox


def pixels(image):
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)


def applied(workspace, qtbot, panel):
    """The layer that a panel makes."""
    count = len(workspace.session.document.layers)
    panel.apply.click()
    session = workspace.session
    qtbot.waitUntil(lambda: len(session.document.layers) > count, timeout=LIMIT)
    return session.layer


def test_every_thumb_shows_what_its_code_makes(workspace, qtbot):
    _, lightbox = tried(workspace, qtbot, "flat")
    for thumb, code in lightbox.wanted_pictures():
        expected = np.rint(np.clip(code[:3], 0, 1) * 255)
        assert np.abs(pixels(thumb.image)[7, 9] - expected).max() <= 1


def test_what_is_applied_is_what_came_into_the_middle(workspace, qtbot):
    panel, lightbox = tried(workspace, qtbot, "flat")
    taken = pixels(lightbox.grid.thumbs[7].image)[0, 0].astype(int)
    click(qtbot, lightbox, 7)
    middle = lightbox.grid.thumbs[MIDDLE]
    qtbot.waitUntil(lambda: np.array_equal(pixels(middle.image)[0, 0], taken), timeout=LIMIT)
    code = lightbox.value()
    layer = applied(workspace, qtbot, panel)
    assert layer.filter.settings["code"] == code
    assert np.abs(layer.pixels.to_array()[50, 50] - taken).max() <= 1


def test_another_setting_makes_the_thumbs_anew_and_going_back_makes_none(workspace, qtbot, rounds):
    panel, lightbox = tried(workspace, qtbot, "waves")
    before = [pixels(thumb.image) for thumb in lightbox.grid.thumbs]
    assert rounds == [9]
    control(panel, "variety").field.setValue(0.2)
    qtbot.waitUntil(lambda: len(rounds) == 2 and there(lightbox), timeout=LIMIT)
    after = [pixels(thumb.image) for thumb in lightbox.grid.thumbs]
    assert not any(map(np.array_equal, before, after))
    control(panel, "variety").field.setValue(1.0)
    qtbot.waitUntil(lambda: np.array_equal(pixels(lightbox.grid.thumbs[8].image), before[8]))
    click(qtbot, lightbox, 0)
    qtbot.waitUntil(lambda: len(rounds) == 3 and there(lightbox), timeout=LIMIT)
    assert rounds[2] == 8  # the middle was seen before
    qtbot.mouseClick(lightbox.back, LEFT)
    qtbot.waitUntil(lambda: np.array_equal(pixels(lightbox.grid.thumbs[8].image), before[8]))
    assert len(rounds) == 3


def test_a_generator_that_fails_says_so_below_its_lightbox(workspace, qtbot):
    panel = choose(workspace.window(), "wrong")
    panel.preview.setChecked(False)
    panel.set_settings(panel.declaration.settings({"seed": 1}))
    lightbox = panel.latents.lightbox
    qtbot.waitUntil(lightbox.trouble.isVisible, timeout=LIMIT)
    assert "there is nothing of that sort" in lightbox.trouble.text()
    panel.set_settings(panel.declaration.settings({"seed": 2}))
    qtbot.waitUntil(lambda: there(lightbox), timeout=LIMIT)
    assert not lightbox.trouble.isVisible()


def test_another_seed_shows_what_it_says(workspace, qtbot):
    panel, lightbox = tried(workspace, qtbot, "flat")
    click(qtbot, lightbox, 0)
    assert panel.settings()["code"]
    control(panel, "seed").roll.click()
    assert panel.settings()["code"] == ()
    assert lightbox.current() == current((), panel.settings()["seed"], SIZE)


def test_another_seed_of_a_layer_is_one_step(workspace, qtbot):
    panel, lightbox = tried(workspace, qtbot, "flat")
    click(qtbot, lightbox, 0)
    applied(workspace, qtbot, panel)
    session, held = workspace.session, workspace.filters.held
    held.automatic.setChecked(False)
    before = session.layer.filter.settings
    control(held, "seed").take("77")
    assert (session.layer.filter.settings["seed"], session.layer.filter.settings["code"]) == (
        77,
        (),
    )
    session.undo()
    assert session.layer.filter.settings == before
    assert control(held, "code").value() == before["code"]


def test_the_proof_strip_tries_seeds_and_not_the_code(workspace, qtbot):
    panel, lightbox = tried(workspace, qtbot, "flat")
    click(qtbot, lightbox, 0)
    control(panel, "seed").choose(control(panel, "seed").value())
    panel.proofs._buttons[control(panel, "seed")].click()
    proofs = panel.proofs
    qtbot.waitUntil(lambda: all(proof.image for proof in proofs.proofs), timeout=LIMIT)
    colours = {tuple(pixels(proof.image)[9, 9]) for proof in proofs.proofs}
    assert len(colours) == len(proofs.proofs) == 3


def test_locking_holds_the_current_code_and_asks_for_the_region(workspace, qtbot):
    panel, lightbox = tried(workspace, qtbot, "waves")
    place, held = control(panel, "lock"), control(panel, "held_code")
    qtbot.mouseClick(lightbox.lock, LEFT)
    assert held.value() == lightbox.current()
    assert place.pick.isChecked()
    canvas = workspace.canvas
    middle = canvas.rect().center()
    drag(qtbot, canvas, middle, middle + (middle - canvas.rect().topLeft()) / 4)
    assert not place.pick.isChecked()
    assert place.value() != place.parameter.default
    assert lightbox.lock.isChecked()
    qtbot.mouseClick(lightbox.lock, LEFT)
    assert held.value() == ()


def test_the_other_end_takes_what_the_lightbox_shows(workspace, qtbot):
    panel, lightbox = tried(workspace, qtbot, "waves")
    other = control(panel, "other_code")
    click(qtbot, lightbox, 2)
    other.take_current.click()
    assert other.value() == lightbox.value()
    assert not other.take_current.isEnabled()
    qtbot.waitUntil(lambda: other.thumb.image is not None, timeout=LIMIT)
    click(qtbot, lightbox, 2)
    assert other.take_current.isEnabled()


def test_a_palette_takes_the_colours_of_the_photograph(workspace, qtbot):
    panel, _ = tried(workspace, qtbot, "waves")
    qtbot.mouseClick(control(panel, "palette").from_photograph, LEFT)
    qtbot.waitUntil(lambda: len(panel.settings()["palette"]) == 5, timeout=LIMIT)


def test_a_layer_has_the_selection_as_its_mask_and_no_choices_that_do_not_count(workspace, qtbot):
    workspace.session.do(_select(100, 60, 80, 40))
    panel, _ = tried(workspace, qtbot, "flat")
    layer = applied(workspace, qtbot, panel)
    assert layer.mask is workspace.session.document.selection
    strip = workspace.filters.held.strip
    assert not strip.channels.isVisibleTo(workspace.filters.held)
    assert not strip.texture.isVisibleTo(workspace.filters.held)


def _select(x, y, width, height):
    from safelight.document import edits

    return edits.select_region(api.Region(x, y, width, height))


def test_a_layer_is_made_anew_after_a_change_but_not_after_going_back(workspace, qtbot):
    panel, _ = tried(workspace, qtbot, "flat")
    applied(workspace, qtbot, panel)
    session, held = workspace.session, workspace.filters.held
    first = session.layer.filter.kept
    control(held, "seed").take("77")
    qtbot.waitUntil(lambda: session.layer.filter.kept is not first, timeout=LIMIT)
    steps = len(session.history.steps)
    session.undo()
    qtbot.waitUntil(lambda: session.active in session.results.stale, timeout=LIMIT)
    qtbot.wait(800)  # longer than the moment after which it would be
    assert session.job is None
    assert len(session.history.steps) == steps


def test_a_new_page_is_a_fill_of_its_colour_and_keeps_the_size_of_its_paper(awake, qtbot):
    from safelight.gui.dialogs.new_dialog import NewDialog

    qtbot.mouseClick(awake.welcome.new, LEFT)
    dialog = awake.findChild(NewDialog)
    dialog.paper.setCurrentText("A5")
    dialog.dots.setValue(100)
    dialog.colour.take("#203040")
    dialog.confirm.click()
    qtbot.waitUntil(lambda: awake.workspace() is not None, timeout=LIMIT)
    document = awake.workspace().session.document
    assert (document.width, document.height) == (583, 827)
    assert document.metadata.dpi == (100, 100)
    assert document.profile.is_srgb
    assert document.profile.icc is not None
    assert [layer.content.colour for layer in document.layers] == ["#203040"]


def test_with_nothing_open_a_generator_makes_a_picture(awake, qtbot):
    from safelight.gui.dialogs.new_dialog import NewDialog

    qtbot.mouseClick(awake.welcome.new, LEFT)
    dialog = awake.findChild(NewDialog)
    assert dialog.sides == (2048, 2048)
    titles = [dialog.list.itemText(row) for row in range(dialog.list.count())]
    assert "Warmth" not in titles
    dialog.list.setCurrentIndex(titles.index("Flat"))
    dialog.width_field.setValue(96)
    dialog.height_field.setValue(64)
    dialog.confirm.click()
    qtbot.waitUntil(lambda: awake.workspace() is not None, timeout=LIMIT)
    session = awake.workspace().session
    qtbot.waitUntil(lambda: session.layer.pixels is not None, timeout=LIMIT)
    assert [layer.name for layer in session.document.layers] == ["Flat"]
    assert (session.document.width, session.document.height) == (96, 64)
    assert session.layer.pixels.channels == 3
    assert awake.workspace().filters.held.declaration.name == "flat"
    assert session.files.unsaved
