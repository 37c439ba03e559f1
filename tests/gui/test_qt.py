"""Qt's Python binding itself: what Safelight relies on."""

import sys

import pytest
from PySide6.QtWidgets import QLabel


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None cannot be lost any more")
def test_calls_that_return_nothing_lose_no_reference_to_none(qtbot):
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(1000):
        label.setText("a")
    assert abs(sys.getrefcount(None) - before) < 100
