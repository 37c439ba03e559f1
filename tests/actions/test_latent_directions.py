"""Latent directions: found where they are known to lie, and refused in a sentence."""

import json

import numpy as np
import pytest

from safelight.actions import latent_directions as directions
from safelight.actions.latent_directions import Direction, DirectionError, Directions
from safelight.api import Declaration

SIZE = 24
TRUE = np.eye(SIZE)[3]
NETWORK = "a" * 64


def codes(count, seed=1):
    return np.random.default_rng(seed).normal(size=(count, SIZE))


def tuples(rows):
    return [tuple(map(float, row)) for row in rows]


def test_two_handfuls_of_examples_lead_along_what_sets_them_apart():
    rows = codes(400)
    order = rows @ TRUE
    more, less = rows[order > 1.0][:20], rows[order < -1.0][:20]
    found = directions.direction_between(tuples(more), tuples(less), "Taller")
    # With 20 either way the mean of a numbers' noise is sqrt(2 / 20) of 3 at least.
    assert np.dot(found.vector, TRUE) > 0.8
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-4)
    few = directions.direction_between(tuples(more[:2]), tuples(less[:2]), "Taller")
    assert np.dot(few.vector, TRUE) > 0.3


def test_main_directions_are_those_in_which_pictures_differ_most():
    rows = codes(60)
    pictures = []
    for row in rows:
        picture = np.full((16, 20, 3), 128.0)
        picture += 30 * row[3]
        picture[:, 10:] += 12 * row[7]
        pictures.append(picture.clip(0, 255).astype(np.uint8))
    first, second, *_ = directions.main_directions(tuples(rows), pictures)
    assert abs(first.vector[3]) > 0.9
    assert abs(np.dot(first.vector, second.vector)) < 1e-4
    assert abs(second.vector[7]) > 0.6


def test_what_is_no_direction_is_said_in_a_sentence():
    one, two = tuples(codes(2))
    many = tuples(codes(directions.FEWEST_PICTURES))
    for arguments, words in (
        (([one], [one, two], "x"), "at least 2 examples"),
        (([one, two], [one[:5], two], "x"), "codes of 5 and of 24 numbers"),
        (([one, two], [one, two], "x"), "are the same"),
        (([one, (float("nan"), *two[1:])], [one, two], "x"), "no number"),
    ):
        with pytest.raises(DirectionError, match=words):
            directions.direction_between(*arguments)
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(DirectionError, match="need 12 pictures, and 3"):
        directions.main_directions(many[:3], [picture] * 3)
    with pytest.raises(DirectionError, match="all the same"):
        directions.main_directions(many, [picture] * len(many))
    with pytest.raises(DirectionError, match="numbers, and this network's have 23"):
        directions.moved(one[:-1], Direction("Taller", two), 1.0)
    with pytest.raises(DirectionError, match="needs a name"):
        Directions(NETWORK, SIZE).with_one(Direction(" ", one))


def test_saved_directions_come_back_and_another_networks_are_refused(tmp_path):
    vector = tuple(np.eye(SIZE)[5].tolist())
    held = Directions(NETWORK, SIZE).with_one(Direction("Wärmer", vector))
    path = tmp_path / "mine.directions.json"
    directions.write_directions(held, path)
    assert directions.read_directions(path, NETWORK, SIZE) == held
    told = json.loads(path.read_text("utf-8"))
    for change, words in (
        ({"network": "b" * 64}, "of another network"),
        ({"size": 8}, "codes of 24 numbers, and this network's have 24|codes of 8 numbers"),
        ({"directions": [{"name": "x", "vector": [1.0] * 3}]}, "a direction that is none"),
        ({"directions": [{"name": "x", "vector": ["1"] * SIZE}]}, "a direction that is none"),
        ({"directions": [{"name": "x", "vector": [0.0] * SIZE}]}, "are the same"),
        ({"directions": "x"}, "no list"),
        ({"safelight_directions": 2}, "no file of directions"),
    ):
        path.write_text(json.dumps(told | change), "utf-8")
        with pytest.raises(DirectionError, match=words):
            directions.read_directions(path, NETWORK, SIZE)
    for text in ("", "[", "[" * 100_000, "nan"):
        path.write_text(text)
        with pytest.raises(DirectionError, match="no file of directions"):
            directions.read_directions(path, NETWORK, SIZE)
    with pytest.raises(DirectionError, match="cannot be read"):
        directions.read_directions(tmp_path / "none", NETWORK, SIZE)


def test_a_code_goes_as_far_as_the_slider_says_and_back():
    code = tuples(codes(1))[0]
    direction = Direction("Taller", tuple(TRUE.tolist()))
    there = directions.moved(code, direction, 1.5)
    assert there[3] == pytest.approx(code[3] + 1.5, abs=1e-4)
    assert directions.moved(there, direction, -1.5) == pytest.approx(code, abs=2e-4)


def test_other_networks_have_another_identity():
    sky, blur = (
        Declaration(f"{name}.x", "X", "Test", "", plugin=name.replace("_", "-"))
        for name in ("safelight_generate", "safelight_style")
    )
    first = directions.network_identity(sky)
    assert len(first) == 64
    assert first == directions.network_identity(sky) != directions.network_identity(blur)
