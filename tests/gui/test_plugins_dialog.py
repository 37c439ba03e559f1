"""The Plugins dialog: a plugin is seen before it is added, and every failure is a sentence."""

import contextlib
import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from safelight import actions
from safelight.actions.plugins.plugin_index import BUNDLE, write_index
from safelight.actions.plugins.plugin_store import Store
from safelight.actions.plugins.signatures import key_name, sign
from safelight.api import PROJECT
from safelight.document import Document
from safelight.gui.command_search import CommandSearch
from safelight.gui.open_and_save.dropped_paths import kind_of
from safelight.gui.plugins.plugins_dialog import PluginsDialog
from safelight.gui.window import Window
from safelight.pixels import Raster
from safelight.workers.confinement.sandbox import Protection, available
from tests.conftest import CHECKOUT
from tests.gui.conftest import answer, choose, open_in, photograph, wake
from tests.plugins.bundles import shelve
from tests.plugins.plugin_projects import FILTER, library, project, wheel
from tests.plugins.stocked_store import stock

_LIMIT = 60000
ENLARGE = CHECKOUT / "plugins" / "enlarge" / "safelight_enlarge" / "fast_faithful_x2.onnx"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip finds."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


@pytest.fixture
def open_dialog(store, qtbot):
    """Open the dialog on the store, and wait until it shows what there is."""
    studios = []

    def made(**options):
        studios.append(actions.Studio(store=store, **options))
        dialog = PluginsDialog(studios[-1])
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: dialog.shelf.current() is not None, timeout=_LIMIT)
        return dialog

    yield made
    for studio in studios:
        studio.close()


def click(qtbot, button):
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def names(dialog):
    """The first words of what is listed, headings in capitals."""
    shelf = dialog.shelf.list
    return [shelf.item(row).text().split()[0] for row in range(shelf.count())]


def remark(dialog):
    """What is said of the current plugin below its name, as a screen reader has it."""
    return dialog.shelf.list.currentItem().data(Qt.ItemDataRole.AccessibleDescriptionRole)


def look_up(dialog, qtbot, source):
    """Ask for a source and wait for the offer or the refusal."""
    click(qtbot, dialog.install)
    page = dialog.page
    page.source.setFocus()
    qtbot.keyClicks(page.source, source)
    click(qtbot, page.look_up)
    return settled(page, qtbot)


def settled(page, qtbot):
    qtbot.waitUntil(lambda: page.install.isVisible() or page.look_up.isVisible(), timeout=_LIMIT)
    return page


def said(dialog, qtbot, part):
    qtbot.waitUntil(lambda: part in dialog.message.label.text(), timeout=_LIMIT)


def plugin(project):
    """Whether a ``pyproject.toml`` is a plugin's, and not a library's that plugins need."""
    return PROJECT in tomllib.loads(project.read_text("utf-8"))["project"].get("entry-points", {})


def test_an_empty_store_says_what_to_do_and_lists_the_built_in_ones(open_dialog):
    dialog = open_dialog()
    assert "No plugin is installed beside the built-in ones" in dialog.shelf.note.text()
    assert dialog.shelf.note.isVisible()
    built_in = [
        x.parent.name for x in sorted(CHECKOUT.glob("plugins/*/pyproject.toml")) if plugin(x)
    ]
    assert "exemplar" not in built_in  # a library of theirs
    assert names(dialog) == ["BUILT", *(f"safelight-{name}" for name in built_in)]
    dialog.shelf.choose("safelight-blur")
    text = dialog.facts.toPlainText()
    assert "Built in" in text
    assert "Gaussian blur\nSoften the picture evenly." in text
    assert "Apache-2.0" in text
    for button in (dialog.switch, dialog.uninstall, dialog.update_button, dialog.go_back):
        assert not button.isVisible()


def test_what_a_built_in_network_was_trained_on_is_shown(open_dialog, qtbot):
    dialog = open_dialog()
    dialog.shelf.choose("safelight-enlarge")
    qtbot.waitUntil(lambda: "CC BY-SA 4.0" in dialog.facts.toPlainText(), timeout=_LIMIT)
    assert "not named" not in dialog.facts.toPlainText()


def test_a_package_is_installed_from_the_index_after_a_yes(open_dialog, index, store, qtbot):
    library(index, "helper", "0.5", "")
    files = {"candlelight/net.onnx": b"weights", "candlelight/x2.onnx": ENLARGE.read_bytes()}
    made = wheel(index, "candlelight", dependencies=("helper",), files=files)
    dialog = open_dialog()
    page = look_up(dialog, qtbot, "candlelight")
    offer = page.offer.toPlainText()
    for part in (
        "candlelight 1.0",
        "helper 0.5",
        "MIT",
        "2 packages",
        "net.onnx is no usable network",
    ):
        assert part in offer
    assert "Licence of the weights: Apache-2.0" in offer
    assert "Trained on: Cloudinary CID22" in offer
    assert available().sentence() in offer
    assert store.installed() == ()
    assert page.offer.hasFocus()  # to be read before a key says yes
    qtbot.keyClick(page.offer, Qt.Key.Key_Tab)
    qtbot.keyClick(page.cancel, Qt.Key.Key_Tab)
    assert page.install.hasFocus()
    heard = []
    dialog.studio.hear_offers(heard.append)
    qtbot.keyClick(page.install, Qt.Key.Key_Space)
    said(dialog, qtbot, "candlelight 1.0 is installed.")
    (offers,) = heard
    assert [item.name for item in offers.strangers.plugins] == ["candlelight"]
    (plugin,) = store.installed()
    assert plugin.packages[0].sha256 in offer
    assert made.stat().st_size == plugin.packages[0].size
    assert dialog.shelf.current().plugin == plugin
    assert "Candlelight\nMultiplies." in dialog.facts.toPlainText()


def test_cancel_on_the_offer_leaves_nothing(open_dialog, index, store, qtbot):
    wheel(index, "candlelight")
    dialog = open_dialog()
    page = look_up(dialog, qtbot, "candlelight")
    click(qtbot, page.cancel)
    qtbot.waitUntil(lambda: not page.busy, timeout=_LIMIT)
    assert list((store.folder / ".staging").iterdir()) == []
    assert store.installed() == ()
    click(qtbot, page.cancel)
    assert dialog.shelf.isVisible()


def test_cancel_stops_what_is_being_looked_up(open_dialog, index, store, qtbot):
    wheel(index, "candlelight")
    dialog = open_dialog()
    click(qtbot, dialog.install)
    dialog.page.source.setText("candlelight")
    click(qtbot, dialog.page.look_up)
    assert dialog.page.bar.isVisible()
    click(qtbot, dialog.page.cancel)
    qtbot.waitUntil(lambda: not dialog.page.busy, timeout=_LIMIT)
    assert dialog.page.source.isVisible()
    assert list((store.folder / ".staging").iterdir()) == []


def test_a_refusal_is_a_sentence_and_the_field_is_still_there(open_dialog, index, qtbot):
    index.mkdir()
    dialog = open_dialog()
    page = look_up(dialog, qtbot, "nowhere-to-be-found")
    assert "There is no nowhere-to-be-found for Python" in page.message.label.text()
    assert page.source.text() == "nowhere-to-be-found"
    assert page.source.hasFocus()
    page.source.setText("/no/such/file.whl")
    click(qtbot, page.look_up)
    settled(page, qtbot)
    assert page.message.label.text() == "There is no file file.whl where you said."


def test_a_plugin_that_cannot_be_loaded_is_not_installed(open_dialog, tmp_path, store, qtbot):
    made = wheel(tmp_path, "candlelight", source="raise OSError('no lamp')")
    dialog = open_dialog()
    page = look_up(dialog, qtbot, str(made))
    click(qtbot, page.install)
    settled(page, qtbot)
    assert "candlelight cannot be loaded" in page.message.label.text()
    assert store.installed() == ()


def test_what_filters_do_is_shown_without_the_marks_of_docstrings(open_dialog):
    dialog = open_dialog()
    dialog.shelf.choose("safelight-adjust")
    text = dialog.facts.toPlainText()
    assert "white_balance, exposure, brightness_contrast, curves. What Auto sets" in text
    assert "``" not in text


def test_what_a_plugin_writes_stays_plain_text(open_dialog, store, tmp_path, qtbot):
    stock(store, wheel(tmp_path, "candlelight"), source="<img src=x><b>bold</b>")
    dialog = open_dialog()
    assert "<img src=x><b>bold</b>" in dialog.facts.toPlainText()


def test_a_plugin_is_switched_off_and_on(open_dialog, store, tmp_path, qtbot):
    stock(store, wheel(tmp_path, "candlelight"))
    dialog = open_dialog()
    click(qtbot, dialog.switch)
    said(dialog, qtbot, "candlelight is disabled.")
    assert store.find("candlelight").enabled is False
    assert dialog.switch.text() == "Enable"
    assert "Disabled" in remark(dialog)
    click(qtbot, dialog.switch)
    said(dialog, qtbot, "candlelight is enabled.")
    assert store.find("candlelight").enabled is True


def test_a_disabled_plugin_has_no_worker_any_more(
    from_nothing, open_dialog, store, tmp_path, qtbot
):
    plugin = stock(store, wheel(tmp_path, "candlelight"))
    dialog = open_dialog()
    studio = dialog.studio
    document = Document.from_raster(Raster.from_array(photograph(20, 30)))
    job = studio.start(studio.filter("candlelight"), {}, document)
    assert isinstance(job.wait(180), actions.JobFinished)
    assert processes_about(plugin.library)
    click(qtbot, dialog.switch)
    said(dialog, qtbot, "candlelight is disabled.")
    assert processes_about(plugin.library) == []


def processes_about(path):
    """The processes in whose command line a path stands."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(path).encode() in entry.read_bytes():
                found.append(entry.parent.name)
    return found


def test_where_nothing_confines_a_plugin_that_is_said(open_dialog, store, tmp_path, monkeypatch):
    poor = Protection(False, True, "this kernel has no Landlock")
    monkeypatch.setattr("safelight.gui.plugins.plugins_dialog.available", lambda: poor)
    stock(store, wheel(tmp_path, "candlelight"))
    text = open_dialog().facts.toPlainText()
    assert "Plugins can read and change your files here, because this kernel has no Land" in text


def test_the_menu_and_the_command_search_lead_to_it(window, qtbot):
    (action,) = [x for x in window.findChildren(QAction) if x.text() == "&Plugins…"]
    assert action in window.menus.of["Filters"].actions()
    window.deeds["search"].trigger()
    search = window.findChild(CommandSearch)
    qtbot.keyClicks(search.line, "plugins")
    qtbot.keyClick(search.line, Qt.Key.Key_Return)
    assert window.installing.dialog.isVisible()
    first = window.installing.dialog
    action.trigger()
    assert window.installing.dialog is first


def test_uninstalling_asks_first(open_dialog, store, tmp_path, qtbot):
    stock(store, wheel(tmp_path, "candlelight"))
    dialog = open_dialog()
    answer("Keep")
    click(qtbot, dialog.uninstall)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert store.find("candlelight")
    answer("Uninstall")
    click(qtbot, dialog.uninstall)
    said(dialog, qtbot, "candlelight is uninstalled.")
    assert store.installed() == ()
    assert dialog.shelf.note.isVisible()


def test_updates_are_found_installed_and_undone(open_dialog, index, store, tmp_path, qtbot):
    stock(store, wheel(tmp_path, "candlelight"), source="candlelight")
    stock(store, wheel(tmp_path, "dusk"), source="/no/such/dusk.whl")
    wheel(index, "candlelight", version="2.0")
    store.set_enabled("candlelight", False)
    dialog = open_dialog()
    click(qtbot, dialog.check)
    said(dialog, qtbot, "There is something newer: candlelight 2.0.")
    dialog.shelf.choose("dusk")
    assert "There is no file dusk.whl where you said." in dialog.facts.toPlainText()
    assert store.find("candlelight").version == "1.0"
    dialog.shelf.choose("candlelight")
    assert "2.0 is available" in remark(dialog)
    click(qtbot, dialog.update_button)
    page = settled(dialog.page, qtbot)
    assert "Replaces 1.0" in page.offer.toPlainText()
    click(qtbot, page.install)
    said(dialog, qtbot, "candlelight 2.0 is installed. It is still disabled.")
    click(qtbot, dialog.go_back)
    said(dialog, qtbot, "candlelight is 1.0 again.")
    assert store.find("candlelight").version == "1.0"


def test_a_plugin_is_found_in_an_index_and_its_update_says_what_it_changes(
    open_dialog, store, tmp_path, qtbot
):
    shelf = tmp_path / "shelf"
    secret = tmp_path / "mine.key"
    shelve(shelf, wheel(tmp_path / "made", "safelight-dusk"))
    public = sign(shelf / f"dusk-1.0{BUNDLE}", secret)
    write_index(shelf)
    dialog = open_dialog()
    click(qtbot, dialog.find_button)
    page = dialog.index
    page.place.clear()
    qtbot.keyClicks(page.place, str(tmp_path / "nowhere"))
    qtbot.keyClick(page.place, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "cannot be read" in page.message.label.text(), timeout=_LIMIT)
    page.place.clear()
    qtbot.keyClicks(page.place, str(shelf))
    click(qtbot, page.open_button)
    qtbot.waitUntil(lambda: page.list.count() == 1, timeout=_LIMIT)
    shown = page.facts.toPlainText()
    assert key_name(public) in shown
    assert "It is darker." in shown
    page.search.setText("something else")
    assert page.list.count() == 0
    assert not page.look_up.isEnabled()
    page.search.setText("DUSK")
    click(qtbot, page.look_up)
    settled(dialog.page, qtbot)
    offer = dialog.page.offer.toPlainText()
    assert key_name(public) in offer
    assert "It sees the pictures on which you use what it offers." in offer
    click(qtbot, dialog.page.install)
    said(dialog, qtbot, "safelight-dusk 1.0 is installed.")

    (shelf / f"dusk-1.0{BUNDLE}").unlink()
    newer = {"safelight_dusk/fast.so": b"machine code"}
    made = wheel(tmp_path / "made", "safelight-dusk", version="2.0", files=newer)
    sign(shelve(shelf, made, "2.0"), secret)
    write_index(shelf)
    click(qtbot, dialog.check)
    said(dialog, qtbot, "There is something newer: safelight-dusk 2.0.")
    qtbot.waitUntil(lambda: "What 2.0 changes" in dialog.facts.toPlainText(), timeout=_LIMIT)
    about = dialog.facts.toPlainText()
    assert "It is darker." in about
    assert "New with 2.0: It runs compiled code, which cannot be read." in about
    click(qtbot, dialog.update_button)
    settled(dialog.page, qtbot)
    assert dialog.page.install.text() == "Allow and update"
    assert "may do more than 1.0 might" in dialog.page.offer.toPlainText()
    click(qtbot, dialog.page.cancel)
    qtbot.waitUntil(lambda: not dialog.page.busy, timeout=_LIMIT)


def test_an_update_of_the_newest_says_so(open_dialog, index, store, tmp_path, qtbot):
    stock(store, wheel(index, "candlelight"), source="candlelight")
    dialog = open_dialog()
    click(qtbot, dialog.update_button)
    page = settled(dialog.page, qtbot)
    qtbot.waitUntil(lambda: not page.busy, timeout=_LIMIT)
    assert page.message.label.text() == "candlelight 1.0 is the newest there is."


def test_a_faulty_plugin_gives_its_reason_and_can_be_uninstalled(open_dialog, store, qtbot):
    (store.folder / "broken").mkdir(parents=True)
    (store.folder / "broken" / "plugin.json").write_text("{")
    dialog = open_dialog()
    assert "its record cannot be read" in remark(dialog)
    assert "Its record cannot be read" in dialog.facts.toPlainText()
    assert not dialog.switch.isEnabled()
    answer("Uninstall")
    click(qtbot, dialog.uninstall)
    said(dialog, qtbot, "broken is uninstalled.")
    assert not (store.folder / "broken").exists()


def test_the_search_narrows_the_list(open_dialog, store, tmp_path, qtbot):
    stock(store, wheel(tmp_path, "candlelight"))
    dialog = open_dialog()
    qtbot.keyClicks(dialog.shelf.search, "gauss")
    assert names(dialog) == ["BUILT", "safelight-blur"]
    assert dialog.shelf.current().plugin.name == "safelight-blur"
    qtbot.keyClicks(dialog.shelf.search, "xyz")
    assert dialog.shelf.note.text() == "No plugin matches."
    assert dialog.facts.toPlainText() == ""


def test_escape_goes_back_one_step_and_then_closes(open_dialog, qtbot):
    dialog = open_dialog()
    click(qtbot, dialog.install)
    qtbot.keyClick(dialog.page.source, Qt.Key.Key_Escape)
    assert dialog.shelf.isVisible()
    qtbot.keyClick(dialog.shelf.list, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_every_control_has_a_name_and_small_and_long_fit(open_dialog, store, tmp_path, qtbot):
    name = "averylongname" * 6
    stock(store, wheel(tmp_path, name))
    stock(store, wheel(tmp_path, name, version="2.0"))
    dialog = open_dialog()
    dialog.message.say(f"{name} {name} cannot be found.")
    dialog.resize(1, 1)
    buttons = (dialog.switch, dialog.update_button, dialog.go_back, dialog.uninstall)
    assert all(button.isVisible() for button in buttons)
    qtbot.waitUntil(lambda: all(x.width() >= x.minimumSizeHint().width() for x in buttons))
    assert dialog.width() <= 640
    assert dialog.height() <= 420
    assert not dialog.facts.horizontalScrollBar().isVisible()
    click(qtbot, dialog.update_button)
    qtbot.waitUntil(dialog.page.look_up.isVisible, timeout=_LIMIT)
    assert dialog.width() <= 640
    for widget in (dialog.shelf.list, dialog.facts, *dialog.findChildren(QLineEdit)):
        assert widget.accessibleName()


def test_safe_mode_is_said(open_dialog, store, tmp_path, qtbot):
    stock(store, wheel(tmp_path, "candlelight"))
    dialog = open_dialog(safe=True)
    assert dialog.note.isVisible()
    assert "safe mode" in dialog.note.text()


def drop(widget, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    hand = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, *hand)
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        QApplication.sendEvent(widget, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, *hand))
    return enter.isAccepted()


def test_a_folder_dropped_on_the_dialog_is_built_and_offered(
    open_dialog, index, store, tmp_path, qtbot
):
    dialog = open_dialog()
    assert drop(dialog, project(tmp_path, "candlelight"))
    assert not drop(dialog, tmp_path)  # one at a time
    page = settled(dialog.page, qtbot)
    assert "candlelight 1.0" in page.offer.toPlainText()
    dialog.close()
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: not list((store.folder / ".staging").iterdir()), timeout=_LIMIT)


def test_a_plugin_is_told_from_a_photograph(tmp_path):
    sources = project(tmp_path, "candlelight")
    assert kind_of(sources) == "plugin"
    assert kind_of(tmp_path / f"a{BUNDLE}") == "plugin"
    assert kind_of(tmp_path / "a.WHL") == "plugin"
    assert kind_of(tmp_path) == "folder"
    assert kind_of(tmp_path / "a.jpg") == "photograph"
    assert kind_of(tmp_path / "a.ONNX") == "network"


def test_the_window_takes_a_dropped_plugin_and_its_filters_at_once(
    photo, tmp_path, monkeypatch, qtbot
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    window = wake(Window(), qtbot)
    opened = open_in(window, photo, qtbot)
    assert drop(window, wheel(tmp_path, "candlelight"))
    dialog = window.installing.dialog
    page = dialog.page
    qtbot.waitUntil(page.isVisible, timeout=_LIMIT)
    settled(page, qtbot)
    click(qtbot, page.install)
    qtbot.waitUntil(lambda: any(x.name == "candlelight" for x in window.filters), timeout=_LIMIT)
    choose(window, "candlelight")
    qtbot.mouseClick(opened.filters.tried.apply, Qt.MouseButton.LeftButton)
    session = opened.session
    qtbot.waitUntil(lambda: len(session.document.layers) == 2, timeout=_LIMIT)
    answer("Uninstall")
    said(dialog, qtbot, "installed")
    click(qtbot, dialog.uninstall)
    qtbot.waitUntil(
        lambda: not any(x.name == "candlelight" for x in window.filters), timeout=_LIMIT
    )
    assert "candlelight" in opened.messages.label.text()
    assert opened.filters.held is None
    dialog.close()
    qtbot.waitUntil(lambda: window.installing.dialog is None)


def test_what_an_updated_filter_makes_is_drawn_anew(photo, tmp_path, monkeypatch, qtbot):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    stock(Store(), wheel(tmp_path, "candlelight"))
    window = wake(Window(), qtbot)
    opened = open_in(window, photo, qtbot)
    choose(window, "candlelight")
    qtbot.mouseClick(opened.filters.tried.apply, Qt.MouseButton.LeftButton)
    session = opened.session
    qtbot.waitUntil(lambda: len(session.document.layers) == 2, timeout=_LIMIT)
    qtbot.waitUntil(lambda: 60 < green(opened.canvas) < 68, timeout=_LIMIT)  # half of the ramp's
    black = FILTER.replace("np.float32(gain)", "np.float32(0)")
    source = black.format(title="Candlelight", name="candlelight")
    window.installing.show_plugins(str(wheel(tmp_path, "candlelight", source, version="2.0")))
    settled(window.installing.dialog.page, qtbot)
    click(qtbot, window.installing.dialog.page.install)
    said(window.installing.dialog, qtbot, "candlelight 2.0 is installed.")
    qtbot.waitUntil(lambda: green(opened.canvas) == 0, timeout=_LIMIT)


def green(canvas):
    """How green the middle of the picture is on the screen, of 255."""
    canvas.repaint()
    image = canvas.grab().toImage()
    return image.pixelColor(image.width() // 2, image.height() // 2).green()
