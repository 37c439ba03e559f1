"""The control of a look-up table: a file is read on a thread, and a bad one takes nothing away."""

import pytest
from PySide6.QtCore import QMimeData, QUrl

from safelight import api
from safelight.api.cube_table import cube_title
from safelight.api.parameters import parameter_of
from safelight.gui.controls import control_for
from safelight.gui.controls.table_file import _file

SAME = "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"


@pytest.fixture
def control(qtbot):
    control = control_for(parameter_of("table", api.Lut, ""))
    qtbot.addWidget(control)
    return control


def test_a_file_becomes_the_table_and_can_be_cleared(control, qtbot, tmp_path):
    (tmp_path / "Rome.cube").write_text(SAME)
    assert control.name.text() == "None: the picture as it is"
    assert not control.clear.isEnabled()
    with qtbot.waitSignal(control.changed):
        control.read(str(tmp_path / "Rome.cube"))
    assert cube_title(control.value()) == "Rome" == control.name.text()
    (tmp_path / "Rome.cube").unlink()
    assert len(api.cube_stages(control.value())) == 1
    with qtbot.waitSignal(control.changed):
        control.clear.click()
    assert control.value() == ""


def test_a_bad_file_is_a_sentence_and_the_look_there_was_stays(control, qtbot, tmp_path):
    (tmp_path / "Rome.cube").write_text(SAME)
    with qtbot.waitSignal(control.changed):
        control.read(str(tmp_path / "Rome.cube"))
    before = control.value()
    (tmp_path / "bad <b>.cube").write_text(SAME[:-4])
    control.read(str(tmp_path / "bad <b>.cube"))
    qtbot.waitUntil(lambda: not control.trouble.isHidden())
    assert control.trouble.text() == (
        "bad <b>.cube says that it has 8 lines of three numbers, which are 24 numbers, but has 22."
    )
    assert control.value() == before
    assert control.name.text() == "Rome"


def test_of_two_files_in_a_row_the_last_one_counts(control, qtbot, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.cube").write_text(SAME)
        control.read(str(tmp_path / f"{name}.cube"))
    qtbot.waitUntil(lambda: control.name.text() == "two")
    assert cube_title(control.value()) == "two"


def test_of_what_is_dropped_the_first_cube_file_is_taken():
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(name) for name in ("/a.png", "/b.CUBE", "/c.cube")])
    assert _file(dropped, (".cube",)) == "/b.CUBE"
    assert _file(QMimeData(), (".cube",)) == ""
