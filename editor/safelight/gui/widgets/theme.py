"""Theme: dark, neutral and quiet, so that the photograph is the brightest thing on the screen.

All greys are without hue, because a tinted surround shifts how colours are seen.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

CANVAS = "#161616"
WINDOW = "#202020"
PANEL = "#272727"
RAISED = "#333333"
LINE = "#3a3a3a"
TEXT = "#d6d6d6"
DIM = "#a0a0a0"
OFF = "#6e6e6e"
ACCENT = "#d08a4a"
ACCENT_DARK = "#6b4726"
WARNING = "#4a3420"
FAILED = "#7a2f2a"

_STYLE = f"""
* {{ outline: none; }}
QWidget {{ color: {TEXT}; font-size: 13px; }}
QWidget:disabled {{ color: {OFF}; }}
QMainWindow, QDialog {{ background: {WINDOW}; }}
QDialog#search {{ border: 1px solid {LINE}; }}
QPushButton#search {{
    background: #1b1b1b; border: 1px solid {LINE}; border-radius: 5px; margin: 2px 6px 2px 0;
}}
QPushButton#search:hover {{ border-color: {DIM}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px 6px; }}
QMenuBar {{ background: {WINDOW}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {RAISED}; }}
QMenu {{ background: {PANEL}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 14px; border-radius: 4px; }}
QMenu::item:selected {{ background: {RAISED}; }}
QMenu::item:disabled {{ color: {OFF}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}
QPushButton, QToolButton {{
    background: {RAISED}; border: 1px solid {LINE}; border-radius: 5px; padding: 5px 11px;
}}
QPushButton:hover, QToolButton:hover {{ background: #3d3d3d; }}
QPushButton:pressed, QToolButton:pressed {{ background: #2c2c2c; }}
QPushButton:focus, QToolButton:focus {{ border-color: {ACCENT}; }}
QPushButton:checked, QToolButton:checked {{ background: {ACCENT_DARK}; border-color: {ACCENT}; }}
QPushButton:default {{ background: {ACCENT_DARK}; border-color: {ACCENT}; }}
QPushButton:disabled {{ background: {PANEL}; border-color: {LINE}; color: {OFF}; }}
QToolButton#plain {{ background: transparent; border-color: transparent; padding: 3px 7px; }}
QToolButton#plain:hover {{ background: {RAISED}; }}
QToolButton#plain:focus {{ border-color: {ACCENT}; }}
QToolButton#link {{
    background: transparent; border-color: transparent; color: {ACCENT}; padding: 2px 0;
    text-decoration: underline;
}}
QToolButton#link:hover {{ background: {RAISED}; }}
QToolButton#link:focus {{ border-color: {ACCENT}; }}
QToolButton#quiet, QPushButton#quiet, QPushButton#entry {{
    background: transparent; border-color: transparent; color: {DIM}; font-size: 12px;
    padding: 2px 3px;
}}
QPushButton#chip {{
    background: {RAISED}; border-radius: 4px; font-size: 12px; padding: 1px 5px 2px;
}}
QPushButton#chip:hover {{ background: #3d3d3d; color: #ffffff; }}
QPushButton#entry {{ color: {TEXT}; padding: 3px 4px; text-align: left; }}
QToolButton#quiet:hover, QPushButton#quiet:hover, QPushButton#entry:hover {{
    color: #ffffff; background: {RAISED};
}}
QToolButton#quiet:focus, QPushButton#quiet:focus, QPushButton#entry:focus {{
    border-color: {ACCENT};
}}
QToolButton#star {{
    background: transparent; border-color: transparent; color: {OFF}; font-size: 14px;
    padding: 1px 2px;
}}
QToolButton#star:hover, QToolButton#star:checked {{ color: {ACCENT}; }}
QToolButton#star:focus {{ border-color: {ACCENT}; }}
QToolButton#dropdown {{
    background: transparent; border-color: transparent; color: {DIM}; font-size: 12px;
    padding: 2px 16px 2px 4px;
}}
QToolButton#dropdown:hover {{ color: #ffffff; background: {RAISED}; }}
QToolButton#dropdown:focus {{ border-color: {ACCENT}; }}
QToolButton#dropdown::menu-indicator {{
    subcontrol-origin: padding; subcontrol-position: right center; right: 4px;
}}
QToolButton#quiet:checked {{ color: {ACCENT}; }}
QToolButton#quiet:disabled {{ color: {OFF}; }}
QPushButton#section {{
    background: transparent; border-color: transparent; font-weight: 600; padding: 2px 0;
    text-align: left;
}}
QPushButton#section:focus {{ color: {ACCENT}; }}
QLabel#mark {{ color: {ACCENT}; font-size: 7px; }}
QSpinBox#quiet, QDoubleSpinBox#quiet {{
    background: transparent; border-color: transparent; padding: 1px 2px;
}}
QSpinBox#quiet:hover, QDoubleSpinBox#quiet:hover {{ border-color: {LINE}; }}
QSpinBox#quiet:focus, QDoubleSpinBox#quiet:focus {{
    background: #1b1b1b; border-color: {ACCENT};
}}
QToolButton#words {{ padding: 3px 8px 4px; }}
QToolButton#channel {{ padding: 3px 6px 4px; }}
QPushButton#words {{ padding: 3px 7px 4px; }}
QToolButton#swatch {{ padding: 0; border-radius: 4px; }}
QToolButton#tool {{ background: transparent; border-color: transparent; padding: 4px 5px; }}
QToolButton#tool:hover {{ background: {RAISED}; }}
QToolButton#tool:focus {{ border-color: {ACCENT}; }}
QToolButton#tool:checked {{ background: {ACCENT_DARK}; border-color: {ACCENT}; }}
QToolButton#steps {{ background: transparent; border-color: transparent; padding: 4px 5px; }}
QToolButton#steps:hover {{ background: {RAISED}; }}
QToolButton#steps:focus {{ border-color: {ACCENT}; }}
QToolButton#steps:checked {{ background: {ACCENT_DARK}; border-color: {ACCENT}; }}
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
    background: #1b1b1b; border: 1px solid {LINE}; border-radius: 5px; padding: 4px 6px;
    selection-background-color: {ACCENT_DARK}; selection-color: {TEXT};
}}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
    border-color: {ACCENT};
}}
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button,
QDoubleSpinBox::down-button {{ width: 0; border: none; }}
QComboBox QAbstractItemView {{ background: {PANEL}; border: 1px solid {LINE}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QCheckBox {{ spacing: 8px; padding: 2px; }}
QCheckBox:focus {{ color: {ACCENT}; }}
QListWidget {{
    background: {PANEL}; border: 1px solid transparent; border-radius: 5px; padding: 1px;
}}
QListWidget:focus {{ border-color: {LINE}; }}
QListWidget::item {{ padding: 5px 8px; border-radius: 4px; }}
QListWidget::item:hover {{ background: #303030; }}
QListWidget::item:selected {{
    background: {RAISED}; color: {TEXT}; border-left: 2px solid {ACCENT};
}}
QListWidget#tiles {{ background: transparent; border: 1px solid transparent; padding: 0; }}
QListWidget#tiles[dropping="true"] {{ background: {RAISED}; border-color: {ACCENT}; }}
QTreeWidget {{ background: {PANEL}; border: 1px solid {LINE}; border-radius: 5px; }}
QTreeWidget:focus {{ border-color: #4a4a4a; }}
QTabBar {{ background: {WINDOW}; qproperty-drawBase: 0; }}
QTabBar::tab {{
    background: {WINDOW}; color: {DIM}; padding: 5px 6px 5px 14px; border: none;
    border-bottom: 2px solid transparent; max-width: 220px;
}}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom-color: {ACCENT}; }}
QTabBar::tab:hover {{ color: {TEXT}; }}
QTabBar QToolButton {{ padding: 0; }}
QFileDialog QToolButton {{ padding: 2px; }}
QTabBar#panels {{ background: {PANEL}; }}
QTabBar#panels::tab {{ background: {PANEL}; padding: 7px 4px; }}
QTabWidget::pane {{ border: none; }}
QSlider::groove:horizontal {{ height: 3px; background: {LINE}; border-radius: 1px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 1px; }}
QSlider::sub-page:horizontal:disabled {{ background: {OFF}; }}
QSlider::handle:horizontal {{
    width: 13px; height: 13px; margin: -5px 0; border-radius: 6px; background: {TEXT};
}}
QSlider::handle:horizontal:hover {{ background: #ffffff; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {ACCENT}; }}
QProgressBar {{
    background: #1b1b1b; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
}}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: #474747; border-radius: 4px; min-height: 24px; margin: 1px; }}
QScrollBar::handle:hover {{ background: #5a5a5a; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSplitter::handle {{ background: {WINDOW}; }}
QLabel#dim {{ color: {DIM}; }}
QLabel#heading {{ color: {DIM}; font-size: 12px; font-weight: 600; }}
QLabel#title {{ font-size: 15px; font-weight: 600; }}
QLabel#large {{ font-size: 24px; font-weight: 300; }}
QFrame#line {{ background: {LINE}; max-height: 1px; min-height: 1px; }}
QFrame#panel {{ background: {PANEL}; border-radius: 6px; }}
QFrame#strip {{ background: {PANEL}; border: 1px solid {LINE}; border-radius: 6px; }}
QFrame#closeup {{ background: {WINDOW}; border: 1px solid {LINE}; }}
QFrame#side {{ border: 2px solid transparent; border-radius: 4px; }}
QFrame#side[active="true"] {{ border-color: {ACCENT_DARK}; }}
QFrame#status {{ background: {WINDOW}; border-top: 1px solid #2b2b2b; }}
QFrame#message {{ background: {WARNING}; border-radius: 5px; }}
QLabel#mention {{ background: {PANEL}; border-radius: 5px; padding: 6px 12px; }}
QTextBrowser#facts {{
    background: {PANEL}; border: 1px solid transparent; border-radius: 6px; padding: 10px 14px;
    selection-background-color: {ACCENT_DARK}; selection-color: {TEXT};
}}
QTextBrowser#facts:focus {{ border-color: {LINE}; }}
QScrollArea {{ background: transparent; border: none; }}
QWidget#transparent {{ background: transparent; }}
"""


def apply(application: QApplication) -> None:
    """Give the application its look, whatever the desktop's is."""
    application.setStyle(QStyleFactory.create("Fusion"))
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: WINDOW,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.Base: PANEL,
        QPalette.ColorRole.AlternateBase: RAISED,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.ToolTipText: TEXT,
        QPalette.ColorRole.PlaceholderText: DIM,
        QPalette.ColorRole.Highlight: ACCENT_DARK,
        QPalette.ColorRole.HighlightedText: TEXT,
        QPalette.ColorRole.Link: ACCENT,
        QPalette.ColorRole.Accent: ACCENT,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(OFF))
    application.setPalette(palette)
    application.setStyleSheet(_STYLE)
