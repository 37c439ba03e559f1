"""Raw files: colours come back as they were, settings do what they say, damage is a sentence."""

import io
import json
import struct

import imagecodecs
import numpy as np
import pytest

from safelight import actions
from safelight.api import ParameterError
from safelight.cli import main
from safelight.files import CODECS, OpenError, open_picture, sketch_raw
from safelight.files.codecs import (
    base_curve,
    lens_correction,
    raw,
    raw_colours,
    raw_extent,
    raw_sketch,
)
from safelight.files.codecs.photograph import DamagedError
from safelight.files.metadata import ifd
from safelight.files.metadata.stated_picture import orientation
from safelight.pixels import bent, to_float
from tests import pictures, rawfiles

CANON = {"make": "Canon", "model": "Canon EOS 5D Mark III"}
LINEAR = {"tone": "linear"}
PICTURE_TOLERANCE = 5e-4
"""Linear light: a step of 14 bits is 6e-5 of the sensor's range, the matrix makes up to three of
one, and the encoded numbers have 16 bits."""


@pytest.fixture
def opened(tmp_path):
    """Opens a file's bytes, in linear light where nothing else is told: what is known of them."""

    def open_(data, name="a.dng", told=LINEAR, **options):
        path = tmp_path / name
        path.write_bytes(data)
        return open_picture(path, told={} if told is None else LINEAR | told, **options)

    return open_


def chart_file(exposure=0.9, **options):
    return rawfiles.dng_file(rawfiles.sensor_light(rawfiles.chart(), exposure), **options)


def linear(document):
    """The picture, linear sRGB, float64."""
    (layer,) = document.layers
    seen = document.profile.to_srgb(to_float(layer.raster.to_array())).astype(np.float64)
    size = np.abs(seen)
    light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.copysign(light, seen)


def test_the_colours_of_a_known_picture_come_back(opened):
    found = opened(chart_file())
    assert (found.format, found.document.depth) == ("Camera raw", "uint16")
    assert found.document.profile.name == "ProPhoto RGB (ROMM)"
    assert (found.document.width, found.document.height) == (128, 96)
    seen = rawfiles.middles(linear(found.document)) / 0.9
    assert np.abs(seen - rawfiles.PATCHES).max() < PICTURE_TOLERANCE
    assert not found.notes


@pytest.mark.parametrize("demosaic", ["AHD", "DCB", "DHT", "AAHD", "PPG", "VNG", "linear"])
@pytest.mark.parametrize("highlights", ["clip", "blend", "rebuild"])
def test_every_way_to_make_pixels_gives_flat_places_the_same_colour(opened, demosaic, highlights):
    found = opened(chart_file(), told={"demosaic": demosaic, "highlights": highlights})
    seen = rawfiles.middles(linear(found.document)) / 0.9
    assert np.abs(seen - rawfiles.PATCHES).max() < PICTURE_TOLERANCE


def test_what_has_no_mosaic_opens_as_well(opened):
    found = opened(chart_file(linear=True))
    seen = rawfiles.middles(linear(found.document))
    # LibRaw takes the fourth part of such a file's black as its own; so greys serve here.
    assert np.ptp(seen[:4], axis=1).max() < PICTURE_TOLERANCE
    assert found.format == "Camera raw"


def test_exposure_multiplies_the_light(opened):
    plain = linear(opened(chart_file(0.4)).document)
    for stops in (-2.0, -0.5, 1.0):
        moved = linear(opened(chart_file(0.4), told={"exposure": stops}).document)
        ratio = rawfiles.middles(moved)[1:4] / rawfiles.middles(plain)[1:4]
        assert np.allclose(ratio, 2.0**stops, rtol=0.01)


def photographed(document):
    """Linear ProPhoto of a developed picture, and the same of the file in linear light."""
    (layer,) = document.layers
    seen = to_float(layer.raster.to_array()).astype(np.float64)
    return np.where(seen < 16 / 512, seen / 16, seen**1.8)


def test_a_photograph_is_the_light_through_a_curve_on_which_grey_stays(opened):
    """White is where the sensor saturates, half a stop above what a meter makes white."""
    data = chart_file(2**-0.5)
    clip = {"highlights": "clip"}
    before = rawfiles.middles(photographed(opened(data, told=clip).document)) * 2**0.5
    after = rawfiles.middles(
        photographed(opened(data, told=clip | {"tone": "photograph"}).document)
    )
    grey, white = 0.18**1.5, 2**0.75
    bend = grey * (1 - 0.18) / (0.18 - grey / white)
    of = lambda light: (1 + bend / white) * light**1.5 / (light**1.5 + bend)  # noqa: E731
    assert np.abs(after[:4] - of(before[:4])).max() < PICTURE_TOLERANCE
    assert after[2].mean() == pytest.approx(0.18, abs=PICTURE_TOLERANCE)
    ends = [colour.argsort()[[0, 2]] for colour in before]
    for old, new, end in zip(before, after, ends, strict=True):
        assert np.allclose(new[end], of(old[end]), atol=PICTURE_TOLERANCE)


def test_a_photographs_greys_stay_grey_and_its_hues_stay(opened):
    data = chart_file(0.6)
    told = ({"exposure": 0.5}, {"tone": "photograph"})
    before, after = (rawfiles.middles(photographed(opened(data, told=x).document)) for x in told)
    assert np.ptp(after[:4], axis=1).max() < PICTURE_TOLERANCE

    def middle(colours):
        """How far the middle channel is from the weakest to the strongest one."""
        low, mid, high = np.sort(colours, axis=1).T
        return (mid - low) / (high - low)

    assert np.abs(middle(after[4:]) - middle(before[4:])).max() < 0.01
    assert np.array_equal(after[4:].argsort(axis=1), before[4:].argsort(axis=1))


def test_the_curve_rises_from_black_to_white_and_leaves_grey():
    light = np.linspace(0, 1, 4001, dtype=np.float32)
    for white in (1.0, 2**0.5, 4.0, 30.0):
        curve = base_curve.photograph(white)
        seen = curve.of(light * np.float32(white))
        assert (seen[0], seen[-1]) == (0.0, pytest.approx(1.0, abs=1e-6))
        assert (np.diff(seen) >= 0).all()
        assert (np.diff(seen[:-100]) > 0).all()
        assert curve.of(np.array([0.18], np.float32)) == pytest.approx(0.18, abs=1e-6)
        assert curve.of(np.array([2 * white], np.float32)) == 1.0


def test_what_saturates_the_sensor_is_white_in_a_photograph_however_bright(opened):
    wall = rawfiles.dng_file(rawfiles.sensor_light(np.full((64, 64, 3), 3.0), 1.0))
    for exposure in (0.0, 1.0, 2.0):
        for highlights in ("clip", "blend"):
            told = {"tone": "photograph", "exposure": exposure, "highlights": highlights}
            made = opened(wall, told=told).document.layers[0].raster.to_array()
            assert made[8:-8, 8:-8].min() > 65535 * 0.995


def stated_brighter(stops):
    signed = struct.pack("<2i", round(stops * 100), 100)
    return {50730: (10, 1, signed)}


def test_a_dngs_baseline_exposure_brightens_the_photograph_and_no_linear_light(opened, tmp_path):
    plain, stated = chart_file(0.3), chart_file(0.3, extra=stated_brighter(0.75))
    linears = (opened(x).document.layers[0].raster.to_array() for x in (plain, stated))
    assert np.array_equal(*linears)
    told = {"tone": "photograph"}
    moved = opened(plain, told=told | {"exposure": 0.75}).document
    seen = opened(stated, told=told).document
    assert np.array_equal(*(x.layers[0].raster.to_array() for x in (moved, seen)))
    assert sketch_raw(tmp_path / "a.dng").sensor.baseline == 0.75


def test_an_absurd_baseline_is_none(opened, tmp_path):
    opened(chart_file(0.3, extra=stated_brighter(400.0)))
    assert sketch_raw(tmp_path / "a.dng").sensor.baseline == 0


@pytest.mark.parametrize("tone", ["photograph", "linear"])
def test_auto_exposure_undoes_what_made_a_picture_dark(tmp_path, tone):
    """One scene, three stops apart: each is made as bright as the other, and no light is lost."""
    path = tmp_path / "a.dng"
    means = []
    for light in (0.05, 0.2, 0.4):
        path.write_bytes(chart_file(light))
        document = open_picture(path, told={"tone": tone, "exposure": "auto"}).document
        exposure = document.layers[0].developed.settings["exposure"]
        assert isinstance(exposure, float)
        means.append(linear(document).mean())
        assert (to_float(document.layers[0].raster.to_array()).max(axis=2) > 0.999).mean() < 0.02
    assert np.ptp(means) < 0.04 * np.mean(means)
    assert 0.1 < np.mean(means) < 0.35


def test_auto_leaves_a_night_darker_than_snow():
    sees = raw_colours.Sensor((1.0,) * 3, (1.0,) * 3, tuple(map(tuple, np.eye(3))))
    settings = raw.CODEC.opening_settings({"white_balance": "as shot"})
    numbers = np.random.default_rng(5)

    def shown(light):
        stops = raw_colours.metered(light.astype(np.float32), sees, settings)
        made = raw_colours.drafted(light.astype(np.float32), sees, settings | {"exposure": stops})
        return made.mean()

    night = 2.0 ** numbers.normal(-9, 1, (64, 64, 1)) * np.ones(3)
    night[:3, :] = 0.5  # lamps
    snow = 2.0 ** numbers.normal(-2, 0.3, (64, 64, 1)).clip(-4, -1) * np.ones(3)
    snow[:3, :] = 0.005
    assert shown(night) < 100 < 140 < shown(snow)


def test_a_sketch_is_what_libraw_halves(tmp_path):
    """The mosaic is added up by itself; LibRaw's own half size, averaged, says what is right."""
    import rawpy

    numbers = np.random.default_rng(2)
    light = np.kron(numbers.random((150, 210, 3)) * 0.9, np.ones((16, 16, 1)))[:2400, :3360]
    area = {50829: (4, 4, struct.pack("<4I", 2, 2, 2400, 3360))}  # margins all around
    for extra in ({}, area):
        path = tmp_path / "a.dng"
        path.write_bytes(rawfiles.dng_file(light, extra=extra))
        seen = sketch_raw(path).light.astype(float)
        with rawpy.imread(str(path)) as file:
            half = file.postprocess(
                half_size=True,
                user_wb=[1.0] * 4,
                output_color=rawpy.ColorSpace.raw,
                output_bps=16,
                gamma=(1, 1),
                no_auto_bright=True,
                adjust_maximum_thr=0.9,
                user_flip=0,
            )
        assert max(seen.shape) <= 1000
        high, wide = seen.shape[:2]
        blocks = half[: 2 * high, : 2 * wide].reshape(high, 2, wide, 2, 3).mean(axis=(1, 3))
        assert np.abs(seen - blocks).max() < 3


def test_white_balance_moves_colours_as_the_formula_says(opened):
    """Each colour of the sensor is multiplied by its own factor, and by nothing else."""
    data = chart_file(0.4)
    before = rawfiles.middles(linear(opened(data).document))
    for temperature, tint in ((4000.0, 0.0), (8000.0, 0.0), (5500.0, 60.0), (2850.0, -40.0)):
        told = {"white_balance": "custom", "temperature": temperature, "tint": tint}
        after = rawfiles.middles(linear(opened(data, told=told).document))
        x, y = raw_colours.chromaticity(temperature, tint)
        neutral = rawfiles.CAMERA @ np.array([x / y, 1, (1 - x - y) / y])
        as_shot = rawfiles.CAMERA @ rawfiles.D65
        change = (neutral[1] / neutral) * (as_shot / as_shot[1])
        to_camera = rawfiles.CAMERA @ rawfiles.SRGB_TO_XYZ
        to_camera /= to_camera.sum(axis=1, keepdims=True)
        expected = (before @ to_camera.T * change / change.min() * change.min()) @ np.linalg.inv(
            to_camera
        ).T
        kept = (expected > 0.01).all(axis=1) & (expected < 0.95).all(axis=1)
        assert kept.sum() >= 4
        assert np.abs(after[kept] / expected[kept] - 1).max() < 0.02


def test_a_light_of_any_temperature_makes_grey_grey_when_it_is_chosen(opened):
    for temperature, tint in ((2900.0, 0.0), (4200.0, 25.0), (7500.0, -10.0)):
        x, y = raw_colours.chromaticity(temperature, tint)
        white = np.array([x / y, 1, (1 - x - y) / y])
        light = rawfiles.sensor_light(rawfiles.chart(), 0.5, white)
        told = {"white_balance": "custom", "temperature": temperature, "tint": tint}
        seen = rawfiles.middles(linear(opened(rawfiles.dng_file(light), told=told).document))
        assert np.ptp(seen[:4], axis=1).max() < 2 * PICTURE_TOLERANCE
        as_shot = rawfiles.dng_file(light, neutral=rawfiles.CAMERA @ white)
        assert np.abs(rawfiles.middles(linear(opened(as_shot).document)) - seen).max() < 1e-3


def test_temperature_and_tint_lead_there_and_back():
    for temperature in (1800.0, 2850.0, 4000.0, 5500.0, 7500.0, 14000.0):
        for tint in (-120.0, 0.0, 45.0):
            back = raw_colours.light_of(*raw_colours.chromaticity(temperature, tint))
            assert back == pytest.approx((temperature, tint), rel=1e-6, abs=1e-3)


def test_daylight_is_where_the_standard_says():
    """CIE 15: D65 lies at 6504 K, a little on the green side of a glowing body."""
    temperature, tint = raw_colours.light_of(0.31271, 0.32902)
    assert temperature == pytest.approx(6504, abs=10)
    assert 5 < tint < 15


def test_a_picture_taken_upright_is_set_upright(opened):
    for turn, sides in ((1, (128, 96)), (3, (128, 96)), (6, (96, 128)), (8, (96, 128))):
        found = opened(chart_file(orientation=turn))
        assert (found.document.width, found.document.height) == sides
        assert orientation(found.document.metadata.exif) == 1
        stored = pictures.stored_turned(linear(found.document), turn)
        seen = rawfiles.middles(stored) / 0.9
        assert np.abs(seen - rawfiles.PATCHES).max() < PICTURE_TOLERANCE


def test_what_the_file_tells_of_the_photograph_is_kept(opened):
    found = opened(chart_file(**CANON, lens="EF50mm f/1.8 STM"))
    assert found.facts["camera"] == "Canon EOS 5D Mark III"
    assert found.facts["lens"] == "EF50mm f/1.8 STM"
    assert (found.facts["aperture"], found.facts["iso"]) == ("f/8", "200")


def test_a_known_lens_is_corrected_and_an_unknown_one_is_named(opened):
    told = {"distortion": True, "vignetting": True, "fringes": True}
    light = rawfiles.sensor_light(np.full((96, 128, 3), 0.4), 0.9)
    named = rawfiles.dng_file(light, **CANON, lens="EF24-70mm f/2.8L II USM")
    plain, changed = (linear(opened(named, told=x).document) for x in ({}, told))
    assert not opened(named, told=told).notes
    gain = changed / plain
    assert gain[0, 0].mean() > gain[48, 64].mean() + 0.1  # corners are brightened, not the middle
    assert gain[48, 64].mean() == pytest.approx(1, abs=0.01)
    other = opened(rawfiles.dng_file(light, **CANON, lens="Bottle 3 mm"), told=told)
    assert "Lensfun does not know Bottle 3 mm" in other.notes[0]


def test_a_lens_moves_each_colour_to_where_it_belongs():
    """A grid that shifts red by a tenth of the width: red alone moves, and by that."""
    y, x = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 9), indexing="ij")
    places = np.repeat(np.stack([x, y], axis=-1)[:, :, None], 3, axis=2).astype(np.float32)
    places[..., 0, 0] += 0.1
    ramp = np.linspace(0, 1, 101, dtype=np.float32)
    picture = np.repeat(np.repeat(ramp[None, :, None], 41, axis=0), 3, axis=2)
    made = lens_correction.corrected(picture, lens_correction.Correction("Test", places))
    assert np.allclose(made[..., 1:], picture[..., 1:], atol=1e-5)
    assert np.allclose(made[:, 1:88, 0], picture[:, 1:88, 0] + 0.1, atol=1e-5)
    assert np.allclose(made[:, 92:, 0], 1, atol=1e-5)  # beyond the picture it is as at the edge


def test_a_bent_picture_is_straightened_to_what_lies_there():
    """Rows are bent first, then columns; a barrel whose corners move by a twentieth, turned."""
    height, width = 300, 400

    def wave(x, y):
        return 0.5 + 0.4 * np.sin(x / 4) * np.cos(y / 5 + x / 40)

    y, x = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 51), indexing="ij")
    bend = 0.95 + 0.025 * (x * x + y * y)
    moved = np.stack([x * bend + 0.02 * y, y * bend - 0.02 * x], axis=-1) / 2 + 0.5
    places = np.repeat(moved[:, :, None], 3, axis=2).astype(np.float32)
    rows, columns = np.mgrid[:height, :width]
    picture = np.repeat(wave(columns, rows)[..., None], 3, axis=2).astype(np.float32)
    made = lens_correction.corrected(picture, lens_correction.Correction("Test", places))
    there = [
        bent._between(bent._stretched(places[:, :, 0, axis], width), height, 0, height) * (side - 1)
        for axis, side in enumerate((width, height))
    ]
    inside = slice(12, -12)
    off = np.abs(made[..., 1] - wave(*there))[inside, inside]
    assert off.max() < 0.006
    assert np.sqrt((off**2).mean()) < 0.0015


def test_false_colours_at_sharp_edges_become_fewer(opened):
    """Grey dots of every size up to three pixels have no colour; a mosaic cannot tell that."""
    numbers = np.random.default_rng(6)
    dots = 0.05 + 0.85 * (numbers.random((128, 128, 1)) > 0.8) * np.ones(3)
    data = rawfiles.dng_file(rawfiles.sensor_light(dots, 0.9))
    spreads = []
    for passes in (0, 1, 3):
        seen = linear(opened(data, told={"false_colours": passes}).document)
        spreads.append(np.ptp(seen[8:-8, 8:-8], axis=2).mean())
    assert spreads[1] < 0.6 * spreads[0]
    assert spreads[2] < spreads[1]


@pytest.mark.parametrize("setting", ["noise", "early_noise"])
def test_noise_becomes_less(opened, setting):
    picture = np.full((128, 128, 3), 0.2)
    light = rawfiles.sensor_light(picture, 0.9)
    light = light + np.random.default_rng(3).normal(0, 0.01, light.shape)
    data = rawfiles.dng_file(light)
    told = {"noise": 400.0} if setting == "noise" else {"early_noise": "full"}
    before, after = (linear(opened(data, told=x).document)[16:-16, 16:-16] for x in ({}, told))
    assert after.std(axis=(0, 1)).mean() < 0.8 * before.std(axis=(0, 1)).mean()
    assert after.mean() == pytest.approx(before.mean(), rel=0.02)


def test_highlights_that_are_blended_are_grey_and_can_be_brought_back(opened):
    """A bright wall saturates green first: clipped it stays as bright as that, blended it has
    light above white, which a lower exposure shows.
    """
    wall = np.full((64, 64, 3), 1.0)
    wall[:, 32:] = 1.4
    data = rawfiles.dng_file(rawfiles.sensor_light(wall, 1.0))
    darker = {"exposure": -1.0}
    clipped, blended = (
        linear(opened(data, told=darker | {"highlights": x}).document) for x in ("clip", "blend")
    )
    assert np.ptp(blended[8:-8, 40:-8].mean(axis=(0, 1))) < 0.02
    assert blended[8:-8, 40:-8].mean() > 1.1 * clipped[8:-8, 40:-8].mean()


def test_a_sketch_is_half_as_large_and_drafts_look_as_the_picture_will(tmp_path):
    path = tmp_path / "a.dng"
    path.write_bytes(chart_file(**CANON))
    sketch = sketch_raw(path)
    assert (sketch.light.shape, sketch.width, sketch.height) == ((48, 64, 3), 128, 96)
    assert sketch.camera == "Canon EOS 5D Mark III"
    codec = raw.CODEC
    for told in (
        *({}, {"white_balance": "cloudy", "exposure": -0.7}, {"highlights": "clip"}),
        *(LINEAR, {"tone": "linear", "exposure": -0.7}, {"exposure": 1.5}),
    ):
        settings = codec.opening_settings(told)
        light = sketch.light.astype(np.float32) / 65535
        draft = raw_colours.drafted(light, sketch.sensor, settings)
        document = open_picture(path, told=told).document
        seen = document.profile.to_srgb(to_float(document.layers[0].raster.to_array()))
        expected = rawfiles.middles(np.clip(seen, 0, 1))
        assert np.abs(rawfiles.middles(draft / 255, 16) - expected).max() < 1.5 / 255


def test_a_finished_picture_is_no_raw_file(tmp_path):
    for name, data in (
        ("a.png", pictures.png_file(pictures.quarters())),
        ("a.tif", pictures.tiff_file(pictures.quarters())),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert sketch_raw(path) is None
        with pytest.raises(OpenError, match="is no camera's raw file: there is nothing to develop"):
            open_picture(path, told={"exposure": 1.0})


def test_a_dng_whose_only_picture_is_finished_opens_as_the_tiff_it_is(opened):
    data = pictures.tiff_file(pictures.quarters(), extratags=[(50706, 1, 4, bytes(4), True)])
    found = opened(data, told=None)
    assert found.format == "TIFF"
    assert np.array_equal(found.document.layers[0].raster.to_array(), pictures.quarters())


@pytest.mark.parametrize(
    ("cut", "words"),
    [(0.5, "is damaged or cut off"), (0.02, "is damaged or cut off")],
)
def test_a_raw_file_that_was_cut_off_says_so(opened, cut, words):
    data = chart_file()
    with pytest.raises(OpenError, match=words):
        opened(data[: int(len(data) * cut)])


def restated(data, **tags):
    """The file with other numbers in its main directory, by "t" and the tag."""
    header = ifd.Header.read(ifd.bytes_fetch(data))
    changed, at = bytearray(data), header.first
    (count,) = struct.unpack_from("<H", data, at)
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from("<HH", data, place)
        if f"t{tag}" in tags:
            struct.pack_into("<I" if kind == 4 else "<H", changed, place + 8, tags[f"t{tag}"])
    return bytes(changed)


@pytest.mark.parametrize(
    ("stated", "there", "words"),
    [(900_000, 100, "cut off: it ends before what"), (64, 64, "damaged: 64 bytes of what")],
)
def test_a_raw_file_with_nothing_of_what_the_sensor_saw_is_refused(opened, stated, there, words):
    """LibRaw takes such a file for a whole one: in one that is packed it misses nothing."""
    packed = bytes(imagecodecs.ljpeg_encode(np.zeros((1200, 1600), np.uint16), bitspersample=14))
    data = rawfiles.dng_file(np.zeros((8, 8, 3)), size=(1600, 1200))
    data = restated(data, t259=7, t273=len(data), t279=stated) + packed[:there]
    with pytest.raises(OpenError, match=words):
        opened(data)


def test_a_raw_file_that_lacks_some_of_what_the_sensor_saw_says_how_much_is_there():
    data = chart_file()
    fetch = ifd.bytes_fetch(data)
    header = ifd.Header.read(fetch)
    directory = ifd.read_directory(fetch, header, header.first)
    (start,), (count,) = (directory.numbers(tag, header) for tag in (273, 279))
    assert raw_extent.notes(fetch, len(data), 1) == []
    said = raw_extent.notes(fetch, int(start + count * 3 // 4), 1)
    assert said == ["The file ends early; 75 % of the picture is there."]


@pytest.mark.parametrize("beginning", [b"FUJIFILMCCD-RAW 0201", b"II*\0\x10\0\0\0CR\2\0", b"FOVb"])
def test_what_only_begins_as_a_raw_file_says_so(opened, beginning):
    with pytest.raises(OpenError, match=r"a.dng is (damaged|a camera's raw file)"):
        opened(beginning + bytes(200))


def test_bytes_changed_anywhere_are_a_picture_or_a_sentence(opened):
    data = chart_file()
    numbers = np.random.default_rng(11)
    directory = len(data) - 700
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(3):
            changed[int(numbers.integers(directory, len(data)))] = int(numbers.integers(256))
        refused = ""
        try:
            opened(bytes(changed), pixel_limit=1_000_000)
        except OpenError as error:
            refused = str(error)
        assert not refused or (refused.startswith("a.dng ") and refused.endswith("."))


def test_a_file_that_states_a_huge_size_is_refused_before_anything_is_made(opened):
    huge = chart_file(size=(60000, 60000))
    with pytest.raises(OpenError, match="60000 x 60000 pixels .* more than the limit"):
        opened(huge, pixel_limit=200_000_000)
    with pytest.raises(OpenError, match="bytes of picture cannot become"):
        opened(chart_file(size=(12000, 12000)), pixel_limit=200_000_000)


def test_the_confined_process_makes_the_same_pixels(tmp_path):
    path = tmp_path / "a.dng"
    path.write_bytes(chart_file(**CANON, lens="EF50mm f/1.8 STM"))
    told = {"white_balance": "cloudy", "vignetting": True}
    far, here = actions.open_picture(path, told=told), open_picture(path, told=told)
    pixels = (x.document.layers[0].raster.to_array() for x in (far, here))
    assert np.array_equal(*pixels)
    assert far.document.layers[0].developed == here.document.layers[0].developed
    sketches = actions.sketch_raw(path), sketch_raw(path)
    assert np.array_equal(*(x.light for x in sketches))
    assert sketches[0].sensor == sketches[1].sensor


def test_a_sketch_that_makes_no_sense_is_damage():
    told = {"sensor": {"as_shot": [1, 1, 1], "daylight": [1, 1, 1], "matrix": np.eye(3).tolist()}}
    told |= {"size": [4, 4], "orientation": 1, "shot": ["", "", "", 0, 0], "demosaics": ["AHD"]}

    def arrays(changed, shape=(2, 2, 3)):
        text = json.dumps(told | changed).encode()
        return [np.frombuffer(text, np.uint8), np.zeros(shape, np.uint16)]

    assert raw_sketch.sketched(arrays({})).width == 4
    for changed in (
        {"size": [4]},
        {"size": [0, 4]},
        {"orientation": 9},
        {"shot": []},
        {"sensor": 5},
    ):
        with pytest.raises(DamagedError):
            raw_sketch.sketched(arrays(changed))
    with pytest.raises(DamagedError):
        raw_sketch.sketched(arrays({}, (2, 2)))


def test_the_layer_remembers_its_raw_file_and_all_settings(opened, tmp_path):
    found = opened(chart_file(**CANON), told={"exposure": 0.5}).document.layers[0].developed
    assert found.path == str(tmp_path / "a.dng")
    assert found.camera == "Canon EOS 5D Mark III"
    assert found.settings["exposure"] == 0.5
    assert set(found.settings) == {item.name for item in raw.CODEC.opening}


def test_a_setting_that_cannot_be_is_refused_in_words(opened):
    for told, words in (
        ({"exposure": 9.0}, "exposure: 9 is outside -5 to 5"),
        ({"demosaic": "AMaZE"}, "demosaic: AMaZE is not one of AHD"),
        ({"sharpness": 1}, "Camera raw cannot be told 'sharpness'; it can be told white_balance"),
    ):
        with pytest.raises(ParameterError, match=words):
            opened(chart_file(), told=told)


def test_only_raw_files_are_told_how_to_open():
    assert [codec.name for codec in CODECS if codec.opening] == ["Camera raw"]


def test_the_command_line_develops(tmp_path, capsys):
    path, out = tmp_path / "a.dng", tmp_path / "a.tif"
    path.write_bytes(chart_file(0.4))
    assert (
        main(
            ["export", str(path), str(out), "--develop", "exposure=-1", "--develop", "tone=linear"]
        )
        == 0
    )
    made, plain = open_picture(out).document, open_picture(path, told=LINEAR).document
    assert made.profile.name == "ProPhoto RGB (ROMM)"
    ratio = rawfiles.middles(linear(made))[1:4] / rawfiles.middles(linear(plain))[1:4]
    assert np.allclose(ratio, 0.5, rtol=0.01)
    capsys.readouterr()
    assert main(["info", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["width"], told["depth"]) == ("Camera raw", 128, "16-bit")


def test_the_command_line_finds_the_exposure_and_remembers_the_number(tmp_path, capsys):
    path, out = tmp_path / "a.dng", tmp_path / "a.tif"
    path.write_bytes(chart_file(0.1))
    words = ["--develop", "exposure=auto", "--develop", "tone=linear"]
    assert main(["export", str(path), str(out), *words]) == 0
    assert (
        linear(open_picture(out).document).mean()
        > 2 * linear(open_picture(path, told=LINEAR).document).mean()
    )
    finished = tmp_path / "a.png"
    finished.write_bytes(pictures.png_file(pictures.quarters()))
    assert main(["info", str(finished), *words]) != 0
    assert "there is nothing to develop" in capsys.readouterr().err


def test_the_command_line_says_what_a_development_can_be_told(tmp_path, capsys):
    path = tmp_path / "a.dng"
    path.write_bytes(chart_file())
    assert main(["info", str(path), "--develop", "exposure=much"]) == 2
    assert "exposure: 'much' is not a number" in capsys.readouterr().err
    assert main(["formats"]) == 0
    assert "--develop exposure=0.0  -5 to 5 EV; in stops of light" in capsys.readouterr().out


def test_a_raw_file_in_memory_opens_too():
    data = chart_file()
    made = raw.read(io.BytesIO(data), len(data), None)
    assert made.pixels.shape == (96, 128, 3)


def test_what_has_no_mosaic_has_a_sketch_half_as_large_too(tmp_path):
    path = tmp_path / "a.dng"
    numbers = np.random.default_rng(4)
    for sides in ((96, 128), (1200, 2400)):
        light = 0.2 + 0.3 * np.kron(
            numbers.random((sides[0] // 8, sides[1] // 8, 3)), np.ones((8, 8, 1))
        )
        path.write_bytes(rawfiles.dng_file(light, linear=True))
        light = sketch_raw(path).light
        step = 2 if sides[1] == 128 else 4
        assert light.shape == (sides[0] // step, sides[1] // step, 3)


@pytest.mark.parametrize("cut", [1, 60, 140])
def test_a_dng_that_ends_in_its_tags_says_so(opened, cut):
    """The numbers of the sensor are all there; what would say how to develop them is not."""
    data = rawfiles.dng_file(rawfiles.sensor_light(rawfiles.chart(12)))
    assert opened(data).notes == ()
    (note,) = opened(data[:-cut]).notes
    assert note.startswith("The file ends early; ")
    assert note.endswith("missing, so colours or facts may be wrong.")
