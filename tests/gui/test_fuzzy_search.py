"""The search finds what someone means: other programs' words, initials, slips."""

import pytest

from safelight.gui.widgets.fuzzy_search import ALSO, found

TITLES = [
    "Open…", "Undo", "Crop", "Turn right", "Flip horizontally", "Straighten…", "Resize…",
    "Perspective…", "Enlarge…", "Remove…", "Repair…", "Find damage…", "Denoise…", "Deblur…",
    "Median…", "Black and white…", "White balance…", "Brightness and contrast…", "Exposure…",
    "Levels…",
    "Hue, saturation, lightness…", "Saturation…", "Sharpen…", "Colour balance…", "Split toning…",
    "Gradient map…", "Invert", "Clarity…", "Dehaze…", "Rectangle", "Picker", "Hand", "Brush",
    "Eraser", "Style…", "Settings…", "Grain…", "Save as…",
]  # fmt: skip


def first(query):
    listed = found(query, ((title, title, "", "") for title in TITLES))
    return listed[0].rstrip("…") if listed else None


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("bw", "Black and white"),
        ("upscale", "Enlarge"),
        ("rotate", "Turn right"),
        ("brightness", "Brightness and contrast"),
        ("brigthness", "Brightness and contrast"),
        ("contrast", "Brightness and contrast"),
        ("wb", "White balance"),
        ("color balance", "Colour balance"),
        ("colour bal", "Colour balance"),
        ("unsharp", "Sharpen"),
        ("saturation", "Saturation"),
        ("sa", "Saturation"),
        ("straigten", "Straighten"),
        ("mirror", "Flip horizontally"),
        ("noise", "Denoise"),
        ("size", "Resize"),
        ("CROP", "Crop"),
        ("negative", "Invert"),
        ("qqqq", None),
        ("unflip", None),
    ],
)
def test_the_first_that_is_found_is_what_was_meant(query, title):
    assert first(query) == title


def test_no_words_find_all_in_their_order():
    assert found("  ", ((title, title, "", "") for title in TITLES)) == TITLES


def test_every_word_has_to_mean_something():
    assert first("white balance") == "White balance"
    assert first("white qqqq") is None


def test_a_place_and_a_description_are_found_after_titles():
    items = [("a", "Soften", "Blur", "Makes edges softer"), ("b", "Blur", "Filter", "")]
    assert found("blur", ((name, *rest) for name, *rest in items)) == ["b", "a"]
    assert found("edges", ((name, *rest) for name, *rest in items)) == ["a"]


def test_every_word_of_other_programs_leads_to_something_that_is_there(opened, window):
    titles = {word for deed in window.deeds for word in deed.title.casefold().split()}
    words = {word.strip("…,.") for word in titles}
    meant = {title for several in ALSO.values() for title in several}
    assert not {title for title in meant if not set(title.split()) <= words}
