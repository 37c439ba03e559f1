"""Export again: as the last time, to a new name, and never without a word."""

import threading

from PIL import Image
from PySide6.QtWidgets import QApplication

from safelight import actions
from safelight.document import Edit, edits, geometry
from safelight.gui.export import export_photograph
from safelight.gui.export.export_dialog import ExportDialog


def dialog_of():
    found = [x for x in QApplication.topLevelWidgets() if isinstance(x, ExportDialog)]
    return next(x for x in found if x.isVisible())


def test_an_export_is_done_again_as_the_last_time_to_a_new_name(window, opened, qtbot, tmp_path):
    export_photograph.export_again(window.context)  # there was none: it asks
    dialog = dialog_of()
    how = actions.ExportOptions(format="JPEG", resize="longest", size=64, metadata="none")
    dialog.choose(how)
    dialog.path.setText(str(tmp_path / "small.jpg"))
    with qtbot.waitSignal(dialog.accepted):
        dialog.export.click()
    opened.session.do(edits.flip(axis="horizontal"))
    for name in ("small-2.jpg", "small-3.jpg"):
        export_photograph.export_again(window.context)
        qtbot.waitUntil(lambda: not window.context.closing.exporting)
        assert Image.open(tmp_path / name).size == (64, 48)
    first, second = (Image.open(tmp_path / f"small{x}.jpg") for x in ("", "-2"))
    assert abs(first.getpixel((60, 20))[0] - second.getpixel((3, 20))[0]) < 12
    assert opened.session.files.exported[1] == tmp_path / "small.jpg"


def test_what_keeps_it_from_being_exported_again_is_said(window, opened, qtbot, tmp_path):
    how = actions.ExportOptions(format="JPEG")
    gone = tmp_path / "gone" / "a.jpg"
    opened.session.files.mark_exported(opened.session.document, gone, how)
    export_photograph.export_again(window.context)
    qtbot.waitUntil(lambda: not window.context.closing.exporting)
    assert "does not exist" in opened.messages.open[0].text


def hold(monkeypatch):
    """Have an export wait once it has begun; it is told then that half of it is done."""
    held, begun, real = threading.Event(), threading.Event(), actions.export

    def slow(*given, hear, **told):
        def heard(done):
            hear(0.5)
            begun.set()
            assert held.wait(120)
            hear(done)

        return real(*given, hear=heard, **told)

    monkeypatch.setattr(actions, "export", slow)
    return held, begun


def test_how_far_it_is_shows_and_it_can_be_stopped(window, opened, qtbot, tmp_path, monkeypatch):
    session, strip = opened.session, opened.strip
    session.files.mark_exported(
        session.document, tmp_path / "a.jpg", actions.ExportOptions(format="JPEG")
    )
    held, begun = hold(monkeypatch)
    files = sorted(tmp_path.iterdir())
    export_photograph.export_again(window.context)
    qtbot.waitUntil(lambda: strip.bar.value() == 500)
    assert strip.isVisible()
    assert strip.title.text() == "Exporting a.jpg again"
    strip.cancel.click()
    held.set()
    qtbot.waitUntil(lambda: not window.context.closing.exporting)
    assert not strip.isVisible()
    assert "nothing was written" in opened.line.text()
    assert not opened.messages.open
    assert sorted(tmp_path.iterdir()) == files


def test_it_replaces_the_same_file_where_that_is_asked_for(window, opened, qtbot, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"the last one")
    how = actions.ExportOptions(format="PNG")
    opened.session.files.mark_exported(opened.session.document, path, how)
    export_photograph.export_again(window.context, same=True)
    qtbot.waitUntil(lambda: not window.context.closing.exporting)
    assert Image.open(path).size == (400, 300)
    assert not (tmp_path / "a-2.png").exists()
    assert not opened.strip.isVisible()


def test_an_export_waits_for_what_is_being_done_to_the_picture(window, opened, qtbot):
    go_on = threading.Event()

    def halved(document, live):
        assert go_on.wait(120)
        return geometry.resize(document, document.width // 2, document.height // 2)

    session, before = opened.session, opened.session.document
    session.do(Edit("Resize", lambda document: halved(document, None), renders=halved))
    window.deeds["export"].trigger()
    assert "Resize" in opened.line.text()
    qtbot.wait(1)
    assert not [x for x in QApplication.topLevelWidgets() if isinstance(x, ExportDialog)]
    go_on.set()
    qtbot.waitUntil(lambda: any(map(is_export, QApplication.topLevelWidgets())), timeout=60000)
    assert session.document.width == before.width // 2
    assert f"{before.width // 2} × {before.height // 2}" in dialog_of().about.text()
    dialog_of().reject()


def is_export(widget):
    return isinstance(widget, ExportDialog) and widget.isVisible()
