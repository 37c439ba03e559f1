"""Look-up tables: .cube files as programs write them, bad ones refused with a sentence, and the
text that a setting holds.
"""

import itertools
import os
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFilter

from safelight import api
from safelight.api.cube_table import (
    CubeError,
    cube_of,
    cube_stages,
    cube_text,
    cube_title,
    read_cube,
)
from safelight.api.tone_table import applied
from safelight.pixels import composed

KEPT = 1e-6
"""What the text of a look rounds off: half a step of 2 ** 20, and float32."""


def look(colours):
    """A look such as films have: bent, tinted, and its channels mixed. (..., 3)"""
    bent = colours**1.2 * 0.9 + 0.03
    light = (bent @ np.array([0.2126, 0.7152, 0.0722]))[..., None]
    return light + 0.8 * (bent - light) + (light - 0.5) * np.array([0.08, 0.0, -0.06])


def colours_of(side, low=0.0, high=1.0):
    """All colours of a lattice in the order of a .cube file: red goes fastest."""
    blue, green, red = np.meshgrid(*(np.linspace(low, high, side),) * 3, indexing="ij")
    return np.stack([red, green, blue], -1).reshape(-1, 3)


def written(rows, *head, digits=6):
    line = " ".join([f"%.{digits}f"] * 3)
    return "\n".join([*head, *(line % tuple(row) for row in np.asarray(rows).tolist())]).encode()


def cube(side, function=look, *head):
    return written(function(colours_of(side)), *head, f"LUT_3D_SIZE {side}")


def through(stages, image):
    return applied(stages, np.asarray(image, np.float32))


PICTURE = np.random.default_rng(3).random((40, 50, 3)).astype(np.float32)


def test_a_table_of_three_dimensions_is_what_pillow_makes_of_it():
    side = 17
    table = look(colours_of(side))
    reference = ImageFilter.Color3DLUT(side, table.reshape(-1).tolist())
    eight = (PICTURE * 255).round().astype(np.uint8)
    expected = np.asarray(Image.fromarray(eight).filter(reference)).astype(float)
    found = through(cube_of(cube(side), "x").stages, eight / 255) * 255
    # Pillow interpolates trilinearly and rounds to eight bits; between the points of a bent look
    # tetrahedra are up to a level away from that.
    assert np.abs(found - expected).max() < 1.5
    assert np.abs(found - expected).mean() < 0.35


def trilinear(points, image):
    """The plain formula, of a lattice from 0 to 1."""
    side = len(points)
    place = np.clip(image, 0, 1) * (side - 1)
    first = np.minimum(place.astype(int), side - 2)
    share = place - first
    result = np.zeros(image.shape)
    for corner in itertools.product((0, 1), repeat=3):
        index = first + np.array(corner)
        weight = np.prod(np.where(corner, share, 1 - share), -1, keepdims=True)
        result += weight * points[index[..., 0], index[..., 1], index[..., 2]]
    return result


def tetrahedral(points, image):
    """Sakamoto's way through the cube, one colour at a time: towards its largest part first."""
    side = len(points)
    result = np.empty(image.shape)
    for place in np.ndindex(image.shape[:-1]):
        at = np.clip(image[place].astype(float), 0, 1) * (side - 1)
        corner = np.minimum(at.astype(int), side - 2)
        share = at - corner
        value = points[tuple(corner)].copy()
        for axis in sorted(range(3), key=lambda axis: -share[axis]):
            following = corner + np.eye(3, dtype=int)[axis]
            value += share[axis] * (points[tuple(following)] - points[tuple(corner)])
            corner = following
        result[place] = value
    return result


def test_between_its_points_a_look_is_interpolated_in_tetrahedra():
    side = 9
    points = np.random.default_rng(5).random((side, side, side, 3))
    data = written(points.transpose(2, 1, 0, 3).reshape(-1, 3), f"LUT_3D_SIZE {side}", digits=9)
    stages = cube_stages(cube_text(cube_of(data, "noise")))
    for found in (through(stages, PICTURE), composed(stages).apply(PICTURE)):
        assert np.abs(found - tetrahedral(points, PICTURE)).max() < 5e-6
        assert np.abs(found - trilinear(points, PICTURE)).max() > 0.01


def test_greys_of_a_neutral_look_stay_grey():
    stages = cube_of(cube(33, lambda x: x**1.5), "x").stages
    greys = np.repeat(np.linspace(0, 1, 4096)[None, :, None], 3, -1)
    made = through(stages, greys)
    assert np.ptp(made, axis=-1).max() == 0


def test_a_table_that_changes_nothing_changes_nothing_of_sixteen_bits():
    stages = cube_stages(cube_text(cube_of(cube(33, lambda x: x), "same")))
    levels = np.repeat(np.arange(65536)[None, :, None], 3, -1) / 65535
    assert np.array_equal(np.rint(through(stages, levels) * 65535), np.rint(levels * 65535))


def test_light_beyond_white_survives_a_look():
    stages = cube_of(cube(5, lambda x: x), "same").stages
    assert through(stages, [[[1.5, -0.25, 3.0]]])[0, 0] == pytest.approx([1.5, -0.25, 3.0])


def test_a_table_of_one_dimension_bends_each_channel():
    x = np.linspace(0, 1, 1024)
    data = written(np.stack([x**2, x**0.5, 1 - x], -1), "LUT_1D_SIZE 1024", digits=9)
    made = through(cube_of(data, "x").stages, PICTURE)
    goal = np.stack([PICTURE[..., 0] ** 2, PICTURE[..., 1] ** 0.5, 1 - PICTURE[..., 2]], -1)
    assert np.abs(made - goal)[PICTURE > 0.02].max() < 1e-4


def test_domains_are_kept_also_those_that_differ_between_channels():
    head = "DOMAIN_MIN -1 0 0", "DOMAIN_MAX 3 2 1"
    rows = colours_of(5)
    stages = cube_of(written(rows, *head, "LUT_3D_SIZE 5"), "x").stages
    assert through(stages, [[[1.0, 1.0, 1.0]]])[0, 0] == pytest.approx([0.5, 0.5, 1.0])
    same = "DOMAIN_MIN 0 0 0", "DOMAIN_MAX 4 4 4"
    stages = cube_of(written(4 * rows, *same, "LUT_3D_SIZE 5"), "x").stages
    assert through(stages, [[[3.0, 0.5, 1.0]]])[0, 0] == pytest.approx([3, 0.5, 1], abs=1e-6)


def test_a_file_of_resolve_has_both_tables_the_curves_first():
    x = np.linspace(0, 2, 9)
    curves = np.repeat((x / 2)[:, None], 3, 1)
    rows = np.concatenate([curves, 1 - colours_of(3)])
    head = "LUT_1D_SIZE 9", "LUT_1D_INPUT_RANGE 0 2", "LUT_3D_SIZE 3", "LUT_3D_INPUT_RANGE 0 1"
    stages = cube_of(written(rows, *head), "x").stages
    assert [type(stage) for stage in stages] == [api.Curves, api.Lattice]
    assert through(stages, [[[1.0, 0.5, 2.0]]])[0, 0] == pytest.approx([0.5, 0.75, 0.0], abs=1e-6)


def test_a_table_with_very_many_points_is_kept_with_fewer():
    bent = [f"{value:.6f}" for value in np.linspace(0, 1, 97) ** 1.2]
    lines = [f"{r} {g} {b}" for b in bent for g in bent for r in bent]
    stages = cube_of("\n".join(["LUT_3D_SIZE 97", *lines]).encode(), "x").stages
    assert stages[0].points.shape == (65, 65, 65, 3)
    # A cell of 1/64 bends by its second derivative, 0.9 at most from 0.2 on, times 1/8 of its
    # square, and one of 1/96 by less than that; and six digits.
    inside = 0.2 + 0.8 * PICTURE
    assert np.abs(through(stages, inside) - inside**1.2).max() < 2 * 0.9 / 8 / 64**2 + 2e-6


def test_comments_empty_lines_tabs_and_the_line_ends_of_other_systems_are_read():
    text = (
        "\ufeff# made by hand\r\nTITLE\t\"Summer; in Rome\"\r\n\r\nLUT_3D_SIZE 2\r\n"
        "LUT_IN_VIDEO_RANGE\r\n# here\r\n0 0 0\r\n1 0 0 # red\r\n\r\n0 1e0 0\r\n+1 1 0\r\n"
        "0 0 1\r\n1 0 1\r\n0 1 1\r\n\t1 1 .1E1\r\n"
    )  # fmt: skip
    found = cube_of(text.encode("utf-8"), "x")
    assert found.title == "Summer; in Rome"
    assert np.abs(through(found.stages, PICTURE) - PICTURE).max() < 1e-6


ROWS = b"0 0 0\n" * 8

BAD = {
    "empty": (b"", "says no LUT_1D_SIZE"),
    "no size": (b"0 0 0\n1 1 1\n", "says no LUT_1D_SIZE and no LUT_3D_SIZE"),
    "short": (b"LUT_3D_SIZE 2\n0 0 0\n", "says that it has 8 lines of three numbers, which are 24"),
    "cut": (b"LUT_3D_SIZE 2\n" + ROWS[:-3], "but has 23"),
    "long": (b"LUT_3D_SIZE 2\n" + ROWS + b"1 1 1\n", "but has 27"),
    "words": (b"LUT_3D_SIZE 2\n0 x 0\n" + ROWS[6:], "has 'x' in line 2, no number"),
    "nan": (b"LUT_3D_SIZE 2\n" + ROWS[6:] + b"0 nan 0\n", "has 'nan' in line 9, no number"),
    "infinite": (b"LUT_3D_SIZE 2\n" + ROWS[6:] + b"0 -inf 0\n", "has '-inf' in line 9"),
    "beyond": (b"LUT_3D_SIZE 2\n" + ROWS[6:] + b"0 1e30 0\n", "has '1e30' in line 9"),
    "size of words": (b"LUT_3D_SIZE many\n" + ROWS, "says LUT_3D_SIZE 'many'"),
    "size of digits": (b"LUT_3D_SIZE " + b"9" * 900 + b"\n" + ROWS, "says LUT_3D_SIZE 99"),
    "a side of 1": (b"LUT_3D_SIZE 1\n0 0 0\n", "says LUT_3D_SIZE 1; 2 to 129 can be read"),
    "large": (b"LUT_3D_SIZE 256\n" + ROWS, "says LUT_3D_SIZE 256; 2 to 129 can be read"),
    "long curves": (b"LUT_1D_SIZE 65537\n" + ROWS, "says LUT_1D_SIZE 65537; 2 to 65536"),
    "negative": (b"LUT_1D_SIZE -2\n" + ROWS, "says LUT_1D_SIZE -2"),
    "domain": (b"LUT_3D_SIZE 2\nDOMAIN_MIN 1 1 1\n" + ROWS, "has a domain that does not go up"),
    "domain nan": (b"LUT_3D_SIZE 2\nDOMAIN_MIN nan 0 0\n" + ROWS, "says DOMAIN_MIN 'nan 0 0'"),
    "domain short": (b"LUT_3D_SIZE 2\nDOMAIN_MAX 1 1\n" + ROWS, "not as many numbers as it takes"),
    "binary": (bytes(range(256)) * 50, "is no text, and so no .cube file"),
    "a picture": (b"\xff\xd8\xff\xe0" + b"\x55" * 3000, "says no LUT_1D_SIZE"),
    "one long line": (b"LUT_3D_SIZE 2\n" + b"1" * 3_000_000, "has a line with no end"),
    "a long word": (b"LUT_3D_SIZE 2\n" + b"1" * 300 + b" 0 0\n", f"has '{'1' * 20}' in line 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_look_is_refused_with_a_clause_that_says_why(name):
    data, reason = BAD[name]
    with pytest.raises(CubeError) as refused:
        cube_of(data, name)
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_file_of_a_gigabyte_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.cube"
    with open(path, "wb") as file:
        file.write(b"LUT_3D_SIZE 33\n")
        file.truncate(1 << 30)
    with pytest.raises(CubeError, match="is larger than 100 MB: no look is"):
        read_cube(path)


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.cube")
    for path, reason in (
        (tmp_path / "pipe.cube", "is no file"), (tmp_path, "cannot be read"),
        (tmp_path / "none.cube", "cannot be read: No such file"), ("a\0b", "its name is none"),
    ):  # fmt: skip
        with pytest.raises(CubeError, match=reason):
            read_cube(path)


@pytest.mark.parametrize("side", [2, 17, 33])
def test_the_text_of_a_look_keeps_its_title_and_its_numbers(side):
    given = cube_of(cube(side, look, 'TITLE "Ruhr; 1970, 50 %"'), "x")
    text = cube_text(given)
    assert len(text) < 500_000  # less than half of what a worker is told at once
    assert cube_title(text) == given.title == "Ruhr; 1970, 50 %"
    (found,) = cube_stages(text)
    assert np.abs(found.points - given.stages[0].points).max() < KEPT


def test_a_look_like_noise_is_kept_to_half_a_level_of_sixteen_bits_or_refused():
    noise = np.random.default_rng(2)
    some = api.cube_table.Cube("x", (api.Lattice(noise.random((44, 44, 44, 3))),))
    (found,) = cube_stages(cube_text(some))
    assert np.abs(found.points - some.stages[0].points).max() < 0.51 / 65535
    with pytest.raises(CubeError, match="has a table like noise, which no setting can hold"):
        cube_text(api.cube_table.Cube("x", (api.Lattice(noise.random((65, 65, 65, 3))),)))


def test_a_text_that_was_damaged_is_a_sentence_and_nothing_else():
    text = cube_text(cube_of(cube(5), "x"))
    chance = np.random.default_rng(1)
    head = text.index(";base64,") + 8
    for _ in range(300):
        place = int(chance.integers(20, len(text)))
        letter = "AZaz09+/=;,{\n"[int(chance.integers(13))]
        changed = text[:place] + letter + text[place + int(chance.integers(3)) :]
        try:
            stages = cube_stages(changed)
        except api.TableError:
            continue
        assert all(np.isfinite(stage.points).all() for stage in stages), place
    for broken in (
        text[:head],
        text[:-40],
        "data:application/x-cube;",
        "x",
        text + "=" * 1_000_000,
    ):
        with pytest.raises(api.TableError):
            cube_stages(broken)


def test_a_text_that_would_unpack_to_gigabytes_is_refused_before_it_does():
    import base64
    import json

    bomb = zlib.compress(bytes(50_000_000), 9)
    for shape in ([65, 65, 65, 3], [60000, 60000], [-1, 5], [65536, 65536, 65536, 65536], [1e308]):
        head = {
            "stages": [{"kind": "lattice", "shape": shape, "domain": [0, 1]}],
            "tables": [{"shape": shape, "least": 0, "span": 1, "levels": 65536}],
        }
        body = base64.b64encode(json.dumps(head).encode() + b"\n" + bomb).decode()
        with pytest.raises(api.TableError):
            cube_stages(f"data:application/x-cube;title=x;base64,{body}")


def test_a_look_is_typed_as_a_path_and_checked_as_a_table(tmp_path):
    (tmp_path / "Rome.cube").write_bytes(cube(3))
    parameter = api.parameters.parameter_of("table", api.Lut, "")
    value = parameter.parse(str(tmp_path / "Rome.cube"))
    assert cube_title(value) == "Rome"
    assert parameter.check(value) == value == parameter.parse(parameter.text(value))
    assert parameter.check("") == ""
    for wrong in ("look.cube", str(tmp_path / "Rome.cube"), 3, None, "data:image/png;base64,AA"):
        with pytest.raises(api.ParameterError, match="no look-up table; choose a .cube file"):
            parameter.check(wrong)
    (tmp_path / "bad.cube").write_bytes(b"LUT_3D_SIZE 2\n0 0 0\n")
    with pytest.raises(api.ParameterError, match=r"bad.cube says that it has 8 lines"):
        parameter.parse(str(tmp_path / "bad.cube"))
