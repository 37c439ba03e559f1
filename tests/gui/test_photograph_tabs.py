"""The tabs of the open photographs."""

from PySide6.QtWidgets import QWidget

from safelight.gui.photograph_tabs import Tabs


def test_however_many_are_open_no_name_is_cut_down_to_dots(qtbot):
    tabs = Tabs()
    qtbot.addWidget(tabs)
    tabs.resize(800, 400)
    for number in range(30):
        tabs.addTab(QWidget(), f"IMG_2026_{number:04}.jpg")
    tabs.addTab(QWidget(), "a.png")
    tabs.show()
    bar = tabs.tabBar()
    letters = bar.fontMetrics()
    assert bar.tabRect(0).width() >= letters.horizontalAdvance("IMG_20…5.jpg")
    assert bar.tabRect(30).width() <= bar.tabSizeHint(30).width()
    tabs.setCurrentIndex(30)
    assert bar.rect().contains(bar.tabRect(30).center())
