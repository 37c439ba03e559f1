"""Text: what strangers call things is shown, and never obeyed."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import Qt

from safelight import gui
from safelight.gui.widgets.shown_text import plain, tooltip

MARKUP = [
    "<b>loud</b>.png",
    "a <img src='/etc/x'> b",
    "<!-- gone -->",
    "<?xml?>",
    "&lt;b>",
    "<a\nb>",
]


@pytest.mark.parametrize("text", MARKUP)
def test_a_tooltip_is_never_read_as_markup(text):
    shown = tooltip(text, lines=True)
    assert not Qt.mightBeRichText(shown)
    assert shown.replace("\u2060", "") == plain(text, lines=True)


def test_strangers_words_become_tooltips_in_one_way():
    texts = [path.read_text("utf-8") for path in Path(gui.__file__).parent.rglob("*.py")]
    assert not [text for text in texts if re.search(r"ToolTip\([^()]*plain\(", text)]


def test_control_and_direction_characters_are_not_shown():
    assert plain("a\x1b[1m\u202eb\u2066c\nd") == "a [1m b c d"
