"""Contact sheet dialog: what is open, chosen or in a folder comes on one page in a tab."""

import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog

from safelight.gui.prints.contact_sheet_dialog import ContactSheetDialog, Pictures
from tests.gui.conftest import open_in


@pytest.fixture
def ask(window, qtbot):
    """A function that opens the dialog by its line in the menu."""

    def asked():
        window.deeds["contact sheet"].trigger()
        return next(x for x in window.findChildren(ContactSheetDialog) if x.isVisible())

    qtbot.waitUntil(lambda: window.deeds["contact sheet"].isEnabled())
    return asked


def test_what_is_open_comes_on_a_page_as_it_is_now(window, photo, qtbot, ask):
    opened = open_in(window, photo, qtbot)
    dialog = ask()
    assert "1 picture" in dialog.which.currentText()
    dialog.paper.setCurrentIndex(0)
    dialog.dots.setValue(40)
    assert "233 × 331 px, 1 in a row" in dialog.outcome.text()
    dialog.columns.setValue(90)
    assert "no room" in dialog.outcome.text()
    assert not dialog.confirm.isEnabled()
    dialog.columns.setValue(0)
    dialog.confirm.click()
    qtbot.waitUntil(lambda: window.tabs.count() == 2 and window.workspace() not in (opened, None))
    page = window.workspace().session.document
    assert (page.width, page.height) == (233, 331)
    assert page.layers[1].name == opened.session.document.name
    assert opened.session.history.steps[-1].label != "Contact sheet"


def test_a_folder_is_chosen_what_does_not_open_is_said_and_a_stop_leaves_nothing(
    window, tmp_path, qtbot, ask, monkeypatch
):
    tmp_path /= "pictures"
    tmp_path.mkdir()
    for k in range(3):
        Image.new("RGB", (30, 20), (60 * k, 90, 90)).save(tmp_path / f"IMG_{k}.png")
    (tmp_path / "IMG_9.png").write_bytes(b"no picture")
    dialog = ask()
    assert "choose a folder" in dialog.outcome.text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    dialog.folder.click()
    qtbot.waitUntil(lambda: dialog.pictures is not None)
    assert dialog.which.currentText() == f"Folder {tmp_path.name}: 4 pictures"
    dialog.dots.setValue(40)
    dialog.names.setChecked(False)
    dialog.confirm.click()
    qtbot.waitUntil(lambda: window.workspace() is not None)
    page = window.workspace()
    assert [x.name for x in page.session.document.layers[1:]] == [f"IMG_{k}.png" for k in range(3)]
    assert "IMG_9.png" in page.messages.label.text()
    again = ask()
    assert "Open photographs" in again.which.currentText()
    again.offer(Pictures("Bad", paths=(tmp_path / "IMG_9.png",)))
    again.confirm.click()
    qtbot.waitUntil(lambda: "IMG_9.png" in again.outcome.text())
    assert again.confirm.isEnabled()
    again.offer(Pictures("Folder", paths=tuple(tmp_path.glob("IMG_[0-2].png"))))
    made = []
    again.made.connect(made.append)
    again.confirm.click()
    again.reject()
    qtbot.wait(300)
    assert not made
    assert window.tabs.count() == 1
