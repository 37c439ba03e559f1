"""The typesetter: letters of real fonts, their places, and what is said of fonts that are not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safelight.actions.typeset_apart import MODULE, typeset_apart
from safelight.document.contents.text import MOST_LETTERS, TextError, Wording
from safelight.gui.canvas.typesetter import LaidText, is_missing, typeset
from safelight.pixels import Outline

pytestmark = pytest.mark.usefixtures("qapp")

FAMILY = "DejaVu Sans"

WORDS = "The quick brown fox jumps over the lazy dog again and again"


def bounds(text=WORDS, **settings):
    return LaidText(Wording(text, **settings)).outline.bounds()


def test_letters_have_contours_and_stand_on_one_line():
    outline = typeset(Wording("HIT", size=100.0))
    left, top, right, bottom = outline.bounds()
    laid = LaidText(Wording("HIT", size=100.0))
    assert bottom == pytest.approx(laid.ascent, abs=0.5)
    assert 60 < bottom - top < 90
    assert outline.parts.count(0) == outline.parts.count(3) == 3


def test_every_size_is_the_same_but_for_its_size():
    small, large = (np.array(bounds(size=size, box=30 * size)) for size in (10.0, 1000.0))
    assert np.abs(100 * small - large).max() < 1.0


@pytest.mark.parametrize("align", ["left", "centre", "right", "justify"])
def test_lines_end_at_a_box_and_lie_in_it_as_asked(align):
    laid = LaidText(Wording(WORDS, box=500.0, align=align))
    assert laid.lines > 3
    left, _, right, bottom = laid.outline.bounds()
    assert left > -5
    assert right < 505
    assert bottom < laid.height
    first = Wording(WORDS[: laid.ends_of_line(0)[1]], align="left")
    natural = LaidText(first).outline.bounds()[2]
    x = laid.caret(0)[0][0]
    free = 500 - natural
    assert x == pytest.approx({"left": 0, "centre": free / 2, "right": free, "justify": 0}[align],
                              abs=8)  # fmt: skip
    if align == "justify":
        assert right == pytest.approx(500, abs=8)


def test_without_a_box_words_lie_about_their_point():
    for align, share in (("left", 0.0), ("centre", 0.5), ("right", 1.0)):
        left, _, right, _ = bounds("HIT\nH", align=align)
        assert left + share * (right - left) == pytest.approx(0, abs=8)


def test_spacing_and_weight_do_what_they_say():
    low = LaidText(Wording("a\nb", line_spacing=1.0)).height
    high = LaidText(Wording("a\nb", line_spacing=2.0)).height
    assert high - low == pytest.approx(low / 2, rel=0.02)
    narrow, wide = (bounds("abcd", letter_spacing=percent)[2] for percent in (0.0, 50.0))
    assert wide - narrow == pytest.approx(3 * 32, abs=1)
    assert bounds("abcd", family=FAMILY, weight="bold")[2] > bounds("abcd", family=FAMILY)[2]


def test_from_right_to_left_the_first_letter_is_at_the_right():
    hebrew = LaidText(Wording("שלום עולם"))
    first, last = hebrew.caret(0)[0][0], hebrew.caret(9)[0][0]
    left, _, right, _ = hebrew.outline.bounds()
    assert first > right - 10
    assert last == pytest.approx(0, abs=2)
    assert left >= -2, "its point is at the left of what is aligned left"
    right_aligned = LaidText(Wording("שלום", align="right"))
    assert right_aligned.caret(0)[0][0] == pytest.approx(0, abs=2)
    forced = LaidText(Wording("abc", direction="right_to_left", box=500.0, align="right"))
    assert forced.outline.bounds()[2] == pytest.approx(500, abs=8)


def test_carets_and_letters_under_a_place_agree_also_beyond_the_basic_plane():
    text = "ab\n😀c𠀀d\nשלום"  # two units of UTF-16 for each letter that is rare
    laid = LaidText(Wording(text))
    for letter in (0, 1, 2, 3, 5, 6, 8, 9):
        (x, top), (_, bottom) = laid.caret(letter)
        assert laid.letter_at(x, (top + bottom) / 2) == letter
    assert laid.ends_of_line(5) == (3, 9)
    below, x = laid.beside(1, 1)
    assert laid.line_of(below) == 1
    assert laid.beside(below, -1, x)[0] == 1
    assert laid.beside(0, -1)[0] == 0


def test_along_a_circle_letters_keep_their_distance_from_its_middle():
    circle = Outline.polygon(
        [
            (300 + 300 * np.cos(t), 300 + 300 * np.sin(t))
            for t in np.linspace(0, 2 * np.pi, 200)[:-1]
        ]
    )
    wording = Wording("along a circle", size=40.0, path=circle, start=20.0)
    points = typeset(wording).flattened(1.0).points
    away = np.hypot(points[:, 0] - 300, points[:, 1] - 300)
    assert away.min() > 285
    assert away.max() < 345
    laid = LaidText(wording)
    (x, y), (low_x, low_y) = laid.caret(3)
    assert np.hypot(low_x - 300, low_y - 300) < np.hypot(x - 300, y - 300), "upright, seen outside"
    assert laid.letter_at((x + low_x) / 2, (y + low_y) / 2) in (2, 3, 4)
    assert len(laid.marked(0, 5)) > 3


def test_along_a_path_that_crosses_itself_and_on_an_open_one_nothing_is_endless():
    crossing = Outline.polygon([(0, 0), (400, 300), (400, 0), (0, 300)], closed=False)
    longer = typeset(Wording("x" * 500, size=40.0, path=crossing))
    assert 0 < longer.parts.count(0) < 200, "what does not fit on an open path is not seen"
    nothing = Outline.polygon([(5, 5), (5, 5)])
    assert typeset(Wording("x", path=nothing)).empty


def test_a_font_that_is_missing_is_named():
    assert is_missing("No Such Font")
    assert not is_missing(FAMILY)
    with pytest.raises(TextError, match="the font No Such Font is not on this computer"):
        typeset(Wording("abc", family="No Such Font"))


def test_the_longest_text_is_laid_out_with_few_calls_and_a_longer_one_is_refused():
    words = ("The quick brown fox. " * (MOST_LETTERS // 21 + 1))[:MOST_LETTERS]
    assert len(typeset(Wording(words, box=3000.0)).parts) > MOST_LETTERS
    with pytest.raises(TextError, match="20,000 letters at the most, not 1,000,000"):
        Wording("a" * 1_000_000)


def test_a_process_apart_lays_out_the_same_and_says_why_it_cannot():
    # Letters that the font has: which other font stands in for those that it lacks, Qt decides by
    # what a process has laid out before.
    wording = Wording("Tea, Ωmega\nčaj", size=50.0, family=FAMILY)
    assert typeset_apart(wording) == typeset(wording)
    with pytest.raises(TextError, match="the font No Such Font is not on this computer"):
        typeset_apart(Wording("a", family="No Such Font"))


def test_a_font_whose_file_is_broken_is_a_sentence_or_another_font_and_no_crash(tmp_path):
    """As fontconfig lists it: its header is whole, and its letters are noise."""
    source = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if source is None:
        pytest.skip("there is no font file to break")
    broken = tmp_path / "fonts" / "broken.ttf"
    broken.parent.mkdir()
    data = bytearray(source.read_bytes())
    noise = np.random.default_rng(3).integers(0, 256, len(data) // 2, np.uint8).tobytes()
    data[len(data) // 2 :] = noise[: len(data) - len(data) // 2]
    broken.write_bytes(data)
    (tmp_path / "fonts.conf").write_text(
        f'<?xml version="1.0"?><fontconfig><dir>{broken.parent}</dir>'
        f"<cachedir>{tmp_path / 'cache'}</cachedir></fontconfig>"
    )
    told = {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps(Wording("Hello", family=FAMILY).to_json()),
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert set(json.loads(done.stdout)) < {"outline", "error"}
