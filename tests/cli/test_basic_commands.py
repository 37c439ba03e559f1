"""The command line: what it prints, what it writes, how it ends."""

import io
import json
import os
import pty
import re
import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from safelight.cli import main
from safelight.cli.progress import ProgressBar, duration
from safelight.document import Document, Layer
from safelight.files.exports.openraster_export import export_openraster
from safelight.pixels import Raster
from tests import pictures


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(2).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_filters_lists_what_is_installed(capsys):
    status, out, _ = run(capsys, "filters")
    assert status == 0
    assert "enlarge  (Size)" in out
    assert "--set factor=2" in out
    assert re.search(r"--set crispness=0.0 +0 to 1 \(Faithful to Crisp\); Faithful", out)


def test_filters_as_json_is_the_declarations(capsys):
    status, out, _ = run(capsys, "filters", "--json")
    assert status == 0
    found = {item["id"]: item for item in json.loads(out)}
    assert found["safelight_enlarge.enlarge"]["scale"] == "factor"
    assert found["safelight_warmth.warmth"]["plugin"] == "safelight-warmth"


def test_apply_writes_the_filtered_photograph(capsys, photo, tmp_path):
    result = tmp_path / "big.png"
    status, out, err = run(capsys, "apply", "enlarge", photo, result, "--set", "factor=4")
    assert status == 0
    assert "320 × 240 px" in out
    assert re.search(r"the picture matches the original to \d\d\.\d dB: \w+", err)
    assert Image.open(result).size == (320, 240)


def test_apply_takes_the_full_name_too(capsys, photo, tmp_path):
    result = tmp_path / "warm.jpg"
    status, *_ = run(capsys, "apply", "safelight_warmth.warmth", photo, result, "--quiet")
    assert status == 0
    assert Image.open(result).format == "JPEG"


@pytest.mark.parametrize("words", ["warmth amount=0.3", "enlarge factor=2"])
def test_a_deeper_result_has_bits_of_its_own(words, capsys, photo, tmp_path):
    (filter, setting), result = words.split(), tmp_path / "deep.png"
    status, *_ = run(
        capsys, "apply", filter, photo, result, "--set", setting, "--depth", 16, "--quiet"
    )
    assert status == 0
    pixels = imagecodecs.png_decode(result.read_bytes())
    assert pixels.dtype == np.uint16
    assert (pixels % 257 != 0).mean() > 0.5  # some stay as they were, or are cut off at white


def test_an_existing_file_is_kept_unless_overwriting_is_asked_for(capsys, photo, tmp_path):
    result = tmp_path / "there.png"
    result.write_bytes(b"mine")
    status, _, err = run(capsys, "apply", "warmth", photo, result)
    assert status == 1
    assert "--overwrite" in err
    assert result.read_bytes() == b"mine"
    status, *_ = run(capsys, "apply", "warmth", photo, result, "--overwrite")
    assert status == 0
    assert Image.open(result).size == (80, 60)


def test_formats_lists_ours_and_those_of_plugins(capsys):
    status, out, _ = run(capsys, "formats")
    assert status == 0
    assert "TIFF  .tif .tiff  opens and exports" in out
    assert "OpenRaster  .ora  opens and exports, with its layers" in out
    assert "HEIC  .heic .heif .hif  opens\n    8-bit, 16-bit\n" in out
    assert (
        "keeps transparency, grey, profile, EXIF, XMP, IPTC as XMP; exact in 8-bit with lossless"
        in out
    )
    assert "QOI  .qoi  opens and exports\n    8-bit; keeps transparency; loses profile" in out
    assert "grey, the profile's primaries, EXIF, XMP, IPTC as XMP; changes" in out
    assert "keeps the profile's primaries, camera, date, place and texts; loses transp" in out
    assert "Portable FloatMap  .pfm  opens  (safelight-floatmap)" in out
    assert "Portable FloatMap  .pfm  exports  (safelight-floatmap)" in out
    status, out, _ = run(capsys, "formats", "--json")
    assert status == 0
    found = {item["id"]: item for item in json.loads(out)}
    assert found["safelight_floatmap.write"]["depths"] == ["float32"]


def test_apply_goes_from_a_plugins_format_to_a_plugins_format(capsys, tmp_path):
    light = np.array([[[4.0, 0.5, 0.25], [1.0, 1.0, 1.0]]], "<f4")
    source, result = tmp_path / "in.pfm", tmp_path / "out.pfm"
    source.write_bytes(b"PF\n2 1\n-1.0\n" + light.tobytes())
    status, out, err = run(capsys, "info", source)
    assert status == 0
    assert "Portable FloatMap, 2 × 1 px" in out
    assert "32-bit float" in out
    status, out, err = run(
        capsys, "apply", "warmth", source, result, "--set", "amount=0", "--quiet"
    )
    assert (status, out, err) == (0, "", "")
    head, data = result.read_bytes()[:12], result.read_bytes()[12:]
    assert head == b"PF\n2 1\n-1.0\n"
    # A power and its inverse in float32.
    assert np.frombuffer(data, "<f4") == pytest.approx(light.ravel(), rel=4e-6)


MISTAKES = {
    "unknown filter": (["apply", "sharpener", "P", "R"], 2, "there is no filter sharpener"),
    "unknown parameter": (["apply", "warmth", "P", "R", "--set", "x=1"], 2, "no parameter x"),
    "out of range": (["apply", "warmth", "P", "R", "--set", "amount=3"], 2, "outside -1 to 1"),
    "not a choice": (
        ["apply", "enlarge", "P", "R", "--set", "factor=5"],
        2,
        "5 is not one of 2, 3, 4",
    ),
    "not a number": (["apply", "warmth", "P", "R", "--set", "amount=much"], 2, "is not a number"),
    "no equals sign": (["apply", "warmth", "P", "R", "--set", "amount"], 2, "NAME=VALUE"),
    "missing photograph": (["apply", "warmth", "nowhere.jpg", "R"], 1, "nowhere.jpg"),
    "folder": (["apply", "warmth", ".", "R"], 1, "folder"),
    "unknown format": (["apply", "warmth", "P", "result.xyz"], 1, ".xyz"),
    "damaged float map": (["info", "D"], 1, "Portable FloatMap (safelight-floatmap) says: it ends"),
    "missing folder": (["apply", "warmth", "P", "nowhere/result.png"], 1, "does not exist"),
    "info of nothing": (["info", "nowhere.png"], 1, "nowhere.png"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_and_a_status(name, capsys, photo, tmp_path):
    words, expected, text = MISTAKES[name]
    damaged = tmp_path / "damaged.pfm"
    damaged.write_bytes(b"PF 1 1 -1.0\n1234")
    places = {"P": photo, "R": tmp_path / "result.png", "D": damaged}
    status, out, err = run(capsys, *(places.get(word, word) for word in words))
    assert status == expected
    assert text in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not (tmp_path / "result.png").exists()


@pytest.mark.parametrize("words", [["apply"], ["apply", "warmth", "a"], ["info"], ["apply", "-x"]])
def test_wrong_usage_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as ending:
        main(words)
    assert ending.value.code == 2


def test_nothing_is_computed_for_a_file_that_cannot_be_written(capsys, photo, tmp_path):
    _, _, err = run(capsys, "apply", "enlarge", photo, tmp_path / "nowhere" / "big.png")
    assert "ran on" not in err


def test_info_tells_size_depth_and_colours(capsys, photo):
    status, out, _ = run(capsys, "info", photo)
    assert status == 0
    assert "PNG, 80 × 60 px" in out
    status, out, _ = run(capsys, "info", photo, "--json")
    facts = json.loads(out)
    assert (facts["width"], facts["height"], facts["depth"]) == (80, 60, "8-bit")


def test_info_says_whether_the_colours_are_stated(capsys, photo, tmp_path):
    assert "8-bit, sRGB (untagged)" in run(capsys, "info", photo)[1]
    assert json.loads(run(capsys, "info", photo, "--json")[1])["untagged"] is True
    wide = tmp_path / "wide.png"
    words = ["apply", "convert_profile", photo, wide, "--set", "profile=Display_P3", "--quiet"]
    assert run(capsys, *words)[0] == 0
    facts = json.loads(run(capsys, "info", wide, "--json")[1])
    assert (facts["profile"], facts["untagged"]) == ("Display P3", False)


def test_a_profile_of_a_file_is_taken_and_one_that_is_none_is_refused(capsys, photo, tmp_path):
    icc, made = tmp_path / "p3.icc", tmp_path / "made.png"
    icc.write_bytes(pictures.display_p3_profile())
    words = ["apply", "assign_profile", photo, made, "--quiet", "--set"]
    assert run(capsys, *words, f"file={icc}")[0] == 0
    assert "Test profile" in run(capsys, "info", made)[1]
    icc.write_bytes(b"hello")
    status, _, said = run(capsys, *words, f"file={icc}")
    assert status == 2
    assert "p3.icc is no colour profile" in said


def test_info_tells_what_a_generator_has_made(capsys, photo, tmp_path):
    stone, both = tmp_path / "stone.jpg", tmp_path / "both.webp"
    assert run(capsys, "generate", "surfaces", stone, "--size", "64", "--quiet")[0] == 0
    assert "synthesised: wholly (IPTC digital source type)" in run(capsys, "info", stone)[1]
    mask = tmp_path / "mask.png"
    Image.fromarray(np.eye(60, 80, dtype=np.uint8) * 255).save(mask)
    words = ["apply", "surfaces", photo, both, "--mask", mask, "--metadata", "none", "--quiet"]
    assert run(capsys, *words)[0] == 0
    assert "synthesised: partly (IPTC digital source type)" in run(capsys, "info", both)[1]
    warm = tmp_path / "warm.png"
    assert run(capsys, "apply", "warmth", both, warm, "--metadata", "none", "--quiet")[0] == 0
    facts = json.loads(run(capsys, "info", warm, "--json")[1])
    assert facts["metadata"]["synthesised"] == "partly (IPTC digital source type)"
    assert "synthesised" not in run(capsys, "info", photo)[1]


def test_doctor_names_the_device_a_session_uses(capsys):
    status, out, _ = run(capsys, "doctor", "--json")
    facts = json.loads(out)
    assert facts["device"].startswith(("CPU · ", "CUDA"))
    assert facts["tried_with"].endswith(".onnx")
    assert facts["onnxruntime"]
    if facts["device"].startswith("CPU"):
        assert facts["why_not_better"]
    if facts["protection"].startswith("Plugins reach neither"):
        assert facts["system_calls"].startswith(("allowlist of 1", "denylist of "))
    assert status == (1 if facts["broken_plugins"] or "warning" in facts else 0)


def test_cuda_on_a_machine_without_it_fails_with_the_reason(capsys, photo, tmp_path):
    if not run(capsys, "doctor", "--json")[1].count('"device": "CPU'):
        pytest.skip("this machine has CUDA")
    result = tmp_path / "big.png"
    status, _, err = run(capsys, "apply", "enlarge", photo, result, "--device", "cuda")
    assert status == 1
    assert "CUDA cannot be used" in err
    assert not result.exists()


def test_the_bar_is_drawn_on_a_terminal_and_nowhere_else(photo, tmp_path):
    command = [sys.executable, "-m", "safelight", "apply", "enlarge", str(photo)]
    quiet = subprocess.run(
        [*command, str(tmp_path / "a.png")], capture_output=True, text=True, check=True
    )
    assert "\r" not in quiet.stderr
    near, far = pty.openpty()
    subprocess.run(
        [*command, str(tmp_path / "b.png")], stderr=far, check=True, capture_output=False
    )
    os.close(far)
    drawn = os.read(near, 65536).decode(errors="replace")
    os.close(near)
    assert "Enlarge ━" in drawn
    assert "100%" in drawn


def test_the_window_without_a_display_is_one_sentence(photo):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-m", "safelight", str(photo)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no display" in done.stderr
    assert "safelight apply" in done.stderr


def test_remaining_time_reads_like_a_clock():
    assert [duration(s) for s in (7.4, 61, 3723)] == ["0:07", "1:01", "1:02:03"]


def test_openraster_is_opened_as_the_window_opens_it(capsys, tmp_path):
    path, result = tmp_path / "layers.ora", tmp_path / "flat.png"
    layer = Layer("Top", Raster.from_array(np.full((20, 30, 4), 200, np.uint8)), opacity=0.5)
    ground = Layer("Ground", Raster.from_array(np.full((20, 30, 3), 100, np.uint8)))
    export_openraster(Document(30, 20, "uint8", (ground, layer)), path)
    status, out, _ = run(capsys, "info", path)
    assert status == 0
    assert "layers.ora: OpenRaster, 30 × 20 px" in out
    status, *_ = run(capsys, "apply", "warmth", path, result, "--set", "amount=0", "--quiet")
    assert status == 0
    assert (
        np.abs(np.asarray(Image.open(result))[..., :3].astype(int) - 139).max() <= 1
    )  # 100 + 100 × 0.5 × 200 / 255


BAD_NUMBERS = {
    "--patience": ("0", "-1", "nan", "soon"),
    "--pixel-limit": ("0", "-1", "1.5", "many"),
}


@pytest.mark.parametrize("option", BAD_NUMBERS)
def test_a_number_that_means_nothing_is_a_mistake(capsys, option, photo):
    for text in BAD_NUMBERS[option]:
        with pytest.raises(SystemExit) as error:
            main(["apply", "warmth", str(photo), "out.png", f"{option}={text}"])
        assert error.value.code == 2
        assert f"{text!r} is no number of" in capsys.readouterr().err


def test_long_and_empty_names_are_a_sentence(capsys, photo, tmp_path):
    long = f"{tmp_path}/{'a' * 500}.png"
    for words in (["info", long], ["apply", "warmth", photo, long]):
        status, _, err = run(capsys, *words)
        assert status == 1
        assert re.search(r"name is too long|File name too long", err)
    for words in (["plugins", "install", ""], ["plugins", "check", ""], ["apply", "", "a", "b"]):
        with pytest.raises(SystemExit):
            main(words)
        assert "an empty name names nothing" in capsys.readouterr().err
    deep = tmp_path / "/".join(["d" * 120] * 5) / "photo.png"
    deep.parent.mkdir(parents=True)
    deep.write_bytes(photo.read_bytes())
    assert run(capsys, "info", deep)[0] == 0
    assert run(capsys, "apply", "warmth", deep, deep.with_suffix(".jpg"))[0] == 0


def test_options_stand_wherever_they_are_typed(capsys, photo, tmp_path):
    for number, words in enumerate(
        (["S", "warmth", "P", "R"], ["warmth", "S", "P", "R"], ["warmth", "P", "S", "R"])
    ):
        target = tmp_path / f"{number}.png"
        places = {"P": [photo], "R": [target], "S": ["--set", "amount=1", "--quiet"]}
        status, out, err = run(capsys, "apply", *(x for w in words for x in places.get(w, [w])))
        assert (status, out, err) == (0, "", "")
        assert target.read_bytes() == (tmp_path / "0.png").read_bytes()


def test_a_bar_on_a_terminal_says_what_is_being_done():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    ProgressBar("Loop", terminal).show(0.5, 12.0, "Step 10 of 20\x1b[2J")
    assert "50%  0:12 left  Step 10 of 20" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()
