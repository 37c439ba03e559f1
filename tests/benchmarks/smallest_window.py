"""The smallest window worth the name: what any PySide6 program pays before it can be used."""

import sys

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow


class Window(QMainWindow):
    """A menu with one entry and one line of text, as large as the editor's window."""

    def __init__(self):
        super().__init__()
        self.resize(1280, 820)
        self.setCentralWidget(QLabel("Open a photograph"))
        leave = QAction("Quit", self)
        leave.triggered.connect(self.close)
        self.menuBar().addMenu("File").addAction(leave)


def main():
    """Show it until it is closed."""
    application = QApplication(sys.argv[:1])
    window = Window()
    window.show()
    return application.exec()
