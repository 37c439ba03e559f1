"""``safelight export``: what a project shows, and never less without a word."""

import numpy as np
import pytest
from PIL import Image

from safelight import actions
from safelight.cli import main
from safelight.document import Document, History, Layer, LiveFilter, whole
from safelight.pixels import Raster
from safelight.workers.live_filters import LiveFilters
from safelight.workers.worker_process import WorkerDied

REASON = "was ended by the system (SIGKILL), most likely because memory ran out"


def pixels():
    return np.random.default_rng(2).integers(0, 200, (40, 50, 3), np.uint8)


@pytest.fixture
def project(tmp_path):
    """A project of a photograph with a live filter on it."""
    warmth = LiveFilter(
        "safelight_warmth.warmth", "Warmth", "safelight-warmth", "1", {"amount": 0.5}
    )
    layers = Layer("Photograph", Raster.from_array(pixels())), Layer("Evening", warmth)
    path = tmp_path / "trip.safelight"
    actions.Project.create(path, History.start(Document(50, 40, "uint8", layers))).close()
    return path


@pytest.fixture
def weak(monkeypatch):
    """Workers that die of every cheap filter."""

    def dying(self, worker, *rest):
        worker.kill()
        raise WorkerDied(REASON)

    monkeypatch.setattr(LiveFilters, "_run", dying)


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def written(path):
    return actions.open_picture(path).document.layers[0].raster.to_array()


def test_a_project_is_exported_as_it_is_seen(capsys, project, tmp_path):
    status, out, err = run(capsys, "export", project, tmp_path / "out.png")
    assert (status, err) == (0, "")
    assert "50 × 40 px" in out
    assert (written(tmp_path / "out.png") != pixels()).any()


def test_the_pixel_limit_counts_for_a_project_too(capsys, project, tmp_path, monkeypatch):
    target = tmp_path / "out.png"
    status, out, err = run(capsys, "export", project, target, "--pixel-limit", "1999")
    assert (status, out) == (1, "")
    assert "50 x 40 pixels is too large" in err
    assert not target.exists()
    monkeypatch.setenv("SAFELIGHT_PIXEL_LIMIT", "1")
    assert run(capsys, "export", project, target, "--pixel-limit", "2000")[0] == 0


def test_a_picture_is_converted(capsys, project, tmp_path):
    run(capsys, "export", project, tmp_path / "a.png", "--quiet")
    status, out, _ = run(capsys, "export", tmp_path / "a.png", tmp_path / "b.tif", "--quiet")
    assert (status, out) == (0, "")
    np.testing.assert_array_equal(written(tmp_path / "b.tif"), written(tmp_path / "a.png"))


def test_a_project_is_exported_with_its_layers(capsys, project, tmp_path):
    target = tmp_path / "trip.ora"
    status, out, _ = run(capsys, "export", project, target, "--metadata", "none")
    assert status == 0
    assert str(target) in out
    document = actions.open_picture(target).document
    assert [layer.name for layer in document.layers] == ["Photograph", "Evening"]
    np.testing.assert_array_equal(written(target)[..., :3], pixels())
    run(capsys, "export", project, tmp_path / "flat.png", "--quiet")
    seen = whole(document).to_array()[..., :3].astype(int)
    assert np.abs(seen - written(tmp_path / "flat.png")).max() <= 1


def test_a_layered_file_that_is_there_stays_unless_it_may_go(capsys, project, tmp_path):
    target = tmp_path / "trip.ora"
    target.write_bytes(b"mine")
    status, _, err = run(capsys, "export", project, target)
    assert status == 1
    assert "--overwrite" in err
    assert target.read_bytes() == b"mine"
    assert run(capsys, "export", project, target, "--overwrite")[0] == 0


def test_layers_are_deepened_and_never_made_shallower(capsys, project, tmp_path):
    target = tmp_path / "deep.ora"
    assert run(capsys, "export", project, target, "--depth", "16")[0] == 0
    assert actions.open_picture(target).document.depth == "uint16"
    status, _, err = run(capsys, "export", target, tmp_path / "b.ora", "--depth", "8")
    assert status == 0
    assert "The layers stayed in 16-bit: their depth is not reduced." in err
    assert actions.open_picture(tmp_path / "b.ora").document.depth == "uint16"


def test_a_layer_that_fails_is_named_and_nothing_is_written(capsys, weak, project, tmp_path):
    status, out, err = run(capsys, "export", project, tmp_path / "out.png")
    assert (status, out) == (1, "")
    assert err.startswith("safelight: Evening could not be computed: Warmth (safelight-warmth) ")
    assert REASON in err
    assert "--without-failed" in err
    assert not (tmp_path / "out.png").exists()


def test_without_failed_writes_the_rest_and_says_what_is_missing(capsys, weak, project, tmp_path):
    target = tmp_path / "out.png"
    status, out, err = run(capsys, "export", project, target, "--without-failed")
    assert status == 0
    assert str(target) in out
    assert "Evening was left out." in err
    assert REASON in err
    np.testing.assert_array_equal(written(target), pixels())


def test_an_option_of_the_format_is_set_by_its_name(capsys, project, tmp_path):
    sizes = []
    for chosen in ("444", "420"):
        target = tmp_path / f"{chosen}.jpg"
        assert run(capsys, "export", project, target, "--set", f"subsampling={chosen}")[0] == 0
        sizes.append(target.stat().st_size)
    assert sizes[0] > sizes[1]


def test_an_option_that_the_format_does_not_have_is_a_sentence(capsys, project, tmp_path):
    status, _, err = run(capsys, "export", project, tmp_path / "a.png", "--set", "quality=50")
    assert status == 2
    assert "PNG has no option 'quality'; there are: compression" in err
    assert not (tmp_path / "a.png").exists()


def test_a_picture_of_layers_is_exported_like_any(capsys, tmp_path):
    from safelight.files.exports.openraster_export import export_openraster

    document = Document.from_raster(Raster.from_array(pixels()))
    export_openraster(document, tmp_path / "a.ora")
    assert run(capsys, "export", tmp_path / "a.ora", tmp_path / "a.png")[::2] == (0, "")
    assert (written(tmp_path / "a.png") == pixels()).all()


def test_a_preset_and_a_pattern_name_a_file_in_a_folder(capsys, tmp_path):
    source, folder = tmp_path / "in.png", tmp_path / "out"
    Image.fromarray(pixels()).save(source)
    folder.mkdir()
    told = "--preset", "Web", "--size", "25", "--name", "{name}-{width}"
    for name in ("in-25.jpg", "in-25-2.jpg"):
        assert run(capsys, "export", source, folder, *told)[0] == 0
        assert Image.open(folder / name).size == (25, 20)
    assert run(capsys, "export", source, folder)[0] == 1


def test_the_command_line_has_what_an_export_does_to_the_picture(capsys, tmp_path):
    source = tmp_path / "in.png"
    Image.fromarray(pixels()).save(source)
    out = tmp_path / "out.jpg"
    told = "--resize", "percent", "--size", "50", "--sharpen", "print", "--kilobytes", "1"
    status, _, err = run(capsys, "export", source, out, *told)
    assert status == 0
    assert Image.open(out).size == (25, 20)
    assert run(capsys, "export", source, out, "--overwrite", "--resize", "wide")[0] == 2


def test_colours_are_converted_to_a_profile_by_its_name_or_its_file(capsys, project, tmp_path):
    known = actions.profile_of("display p3")
    (tmp_path / "mine.icc").write_bytes(known)
    for place, said in enumerate(("Display P3", "display_p3", tmp_path / "mine.icc")):
        target = tmp_path / f"{place}.png"
        assert run(capsys, "export", project, target, "--profile", said)[0] == 0
        assert Image.open(target).info["icc_profile"] == known
        assert (written(target) == written(tmp_path / "0.png")).all()
    assert run(capsys, "export", project, tmp_path / "same.png")[0] == 0
    assert (written(tmp_path / "0.png") != written(tmp_path / "same.png")).any()


def test_a_filter_exports_to_a_profile_too(capsys, project, tmp_path):
    run(capsys, "export", project, tmp_path / "a.png", "--quiet")
    arguments = "safelight_warmth.warmth", tmp_path / "a.png", tmp_path / "b.jpg", "--quiet"
    assert (
        run(capsys, "apply", *arguments, "--profile", "Adobe RGB", "--intent", "absolute")[0] == 0
    )
    known = actions.profile_of("Adobe_RGB")
    assert Image.open(tmp_path / "b.jpg").info["icc_profile"] == known


@pytest.mark.parametrize(
    ("said", "why"),
    [("Adobe", "there are sRGB, "), ("no.icc", "no.icc is no"), ("gone.icc", "gone.icc cannot")],
)
def test_a_profile_that_is_none_is_a_sentence(capsys, project, tmp_path, said, why, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no.icc").write_bytes(b"hello")
    status, _, err = run(capsys, "export", project, tmp_path / "a.png", "--profile", said)
    assert (status, (tmp_path / "a.png").exists()) == (1, False)
    assert why in err or f"{said} is no colour profile" in err


def test_intent_and_black_point_are_told_as_the_dialog_tells_them(capsys, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(actions, "export", lambda *given, **_: told.append(given[2]) or 1 / 0)
    run_words = "export", str(tmp_path / "a.png"), str(tmp_path / "b.png")
    Image.fromarray(pixels()).save(tmp_path / "a.png")
    for more in ([], ["--intent", "perceptual", "--no-black-point"], ["--black-point"]):
        with pytest.raises(ZeroDivisionError):
            main([*run_words, *more])
    assert [(x.intent, x.black_point) for x in told] == [
        *(("relative", True), ("perceptual", False), ("relative", True))
    ]


def test_what_is_told_counts_more_than_a_preset_also_where_it_is_the_usual(capsys, tmp_path):
    Image.fromarray(pixels()).save(tmp_path / "a.png")
    kept = actions.Presets()
    kept.save("small", actions.ExportOptions(format="PNG", resize="longest", size=10, depth=16))
    words = "export", tmp_path / "a.png", "--preset", "small", "--quiet"
    assert run(capsys, *words, tmp_path / "b.png")[0] == 0
    assert run(capsys, *words, tmp_path / "c.png", "--resize", "no", "--depth", "8")[0] == 0
    assert (written(tmp_path / "b.png").shape, written(tmp_path / "b.png").dtype) == (
        *((8, 10, 3), "uint16"),
    )
    assert (written(tmp_path / "c.png").shape, written(tmp_path / "c.png").dtype) == (
        *((40, 50, 3), "uint8"),
    )


def test_what_is_done_about_a_file_that_exists_can_be_told(capsys, project, tmp_path):
    target = tmp_path / "a.png"
    for how, names, kept in [
        ("refuse", ["a.png"], True),
        ("skip", ["a.png"], True),
        ("number", ["a-2.png", "a.png"], True),
        ("replace", ["a-2.png", "a.png"], False),
    ]:
        target.write_bytes(b"mine")
        status, out, _ = run(capsys, "export", project, target, "--if-exists", how)
        assert status == (1 if how == "refuse" else 0)
        assert sorted(path.name for path in tmp_path.glob("*.png")) == names
        assert (target.read_bytes() == b"mine") == kept
        assert ("exists already and was left" in out) == (how == "skip")


def test_a_name_in_a_folder_can_tell_when_it_was_taken(capsys, project, tmp_path):
    folder = tmp_path / "web"
    folder.mkdir()
    name = "{taken:YYYY}-{name}"
    told = "export", project, folder, "--preset", "Web", "--name", name
    assert run(capsys, *told)[0] == 0
    assert [path.name for path in folder.iterdir()] == ["undated-trip.jpg"]
