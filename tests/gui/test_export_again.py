"""Export again: as the last time, to a new name, and never without a word."""

from PIL import Image
from PySide6.QtWidgets import QApplication

from safelight import actions
from safelight.document import edits
from safelight.gui import exporting
from safelight.gui.export_dialog import ExportDialog


def dialog_of():
    found = [x for x in QApplication.topLevelWidgets() if isinstance(x, ExportDialog)]
    return next(x for x in found if x.isVisible())


def test_an_export_is_done_again_as_the_last_time_to_a_new_name(window, opened, qtbot, tmp_path):
    exporting.export_again(window.desk)  # there was none: it asks
    dialog = dialog_of()
    how = actions.ExportOptions(format="JPEG", resize="longest", size=64, metadata="none")
    dialog.choose(how)
    dialog.path.setText(str(tmp_path / "small.jpg"))
    with qtbot.waitSignal(dialog.accepted):
        dialog.export.click()
    opened.session.do(edits.flip(axis="horizontal"))
    for name in ("small-2.jpg", "small-3.jpg"):
        exporting.export_again(window.desk)
        qtbot.waitUntil(lambda: not window.desk.closing.exporting)
        assert Image.open(tmp_path / name).size == (64, 48)
    first, second = (Image.open(tmp_path / f"small{x}.jpg") for x in ("", "-2"))
    assert abs(first.getpixel((60, 20))[0] - second.getpixel((3, 20))[0]) < 12
    assert opened.session.files.exported[1] == tmp_path / "small.jpg"


def test_what_keeps_it_from_being_exported_again_is_said(window, opened, qtbot, tmp_path):
    how = actions.ExportOptions(format="JPEG")
    gone = tmp_path / "gone" / "a.jpg"
    opened.session.files.mark_exported(opened.session.document, gone, how)
    exporting.export_again(window.desk)
    qtbot.waitUntil(lambda: not window.desk.closing.exporting)
    assert "does not exist" in opened.messages.open[0].text
