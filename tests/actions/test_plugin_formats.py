"""Plugins' formats: what is right comes in and goes out exact, what is wrong is a sentence."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from safelight import actions
from safelight.api import to_linear
from safelight.document import Document, Metadata
from safelight.pixels import Profile, Raster
from tests import pictures
from tests.plugins.installed_module import install
from tests.plugins.safelight_strange_formats import PIXELS

NAME = "safelight-strange-formats"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return install(tmp_path_factory.mktemp("strange"), "safelight_strange_formats")


@pytest.fixture(scope="module")
def studio(folder):
    with actions.Studio(plugin_folders=[folder], patience=3, memory_limit=4 << 30) as studio:
        yield studio


@pytest.fixture
def opened(studio, tmp_path):
    """Open a file of that suffix and content."""

    def run(suffix, data=b"some bytes", **options):
        path = tmp_path / f"picture.{suffix}"
        path.write_bytes(data)
        return actions.open_picture(path, importers=studio.importers, **options)

    return run


@pytest.fixture
def exported(studio, tmp_path):
    """Export a document to a file of that suffix."""

    def run(suffix, pixels=PIXELS, options=None, name="result", **facts):
        document = Document.from_raster(Raster.from_array(pixels.copy()), **facts)
        path = tmp_path / f"{name}.{suffix}"
        done = actions.export(document, path, options, exporters=studio.exporters)
        return path.read_bytes(), done.notes

    return run


def pixels_of(opened):
    return opened.document.layers[0].raster.to_array()


def test_all_of_16_bits_come_in(opened):
    result = opened("fine")
    assert (result.format, result.document.depth, result.notes) == ("fine", "uint16", ())
    assert np.array_equal(pixels_of(result), PIXELS + len(b"some bytes"))
    assert result.document.name == "picture.fine"


def test_a_photograph_comes_in_with_all_that_stands_beside_its_pixels(opened):
    profile, exif = pictures.wide_profile(), pictures.exif_block(1)
    data = b"|SPLIT|".join((profile, exif, pictures.XMP, pictures.IPTC))
    result = opened("whole", data)
    document = result.document
    assert np.array_equal(pixels_of(result), PIXELS)
    assert document.profile.icc == profile
    assert document.metadata == Metadata(exif, pictures.XMP, pictures.IPTC, dpi=(300.0, 240.5))
    assert result.notes == ("Its layers were left out.",)
    assert result.facts["artist"] == "Ada Example"


def test_a_photograph_is_set_upright_as_its_exif_says(opened):
    data = b"|SPLIT|".join((b"", pictures.exif_block(6), b"", b""))
    result = opened("whole", data)
    assert np.array_equal(pixels_of(result), np.rot90(PIXELS, -1))
    assert result.document.metadata.dpi == (240.5, 300.0)
    assert result.document.profile == Profile()


def test_the_other_byte_order_comes_in(opened):
    assert np.array_equal(pixels_of(opened("swapped")), PIXELS)


def test_alpha_and_grey_come_in(opened):
    assert np.array_equal(pixels_of(opened("rgba"))[..., 3], PIXELS[..., 0])
    result = pixels_of(opened("grey_alpha"))
    assert result.shape == (2, 3, 4)
    assert result.dtype == np.float32
    assert np.array_equal(result[..., 0], result[..., 2])


def test_our_own_formats_win_by_content_whatever_the_suffix(opened):
    result = opened("fail", pictures.png_file(pictures.quarters()))
    assert result.format == "PNG"


def test_a_suffix_in_capitals_is_the_same(opened):
    assert opened("FINE").format == "fine"


WRONG = {
    "thin": "returned uint8 of shape",
    "empty": "returned uint8 of shape [0, 7, 3]",
    "objects": "it returned object of shape (2, 2, 3)",
    "doubles": "it returned float64 of shape (2, 3, 3)",
    "flat": "it returned uint16 of shape (2, 3)",
    "five": "returned uint8 of shape [2, 2, 5]",
    "nothing": "it returned object of shape ()",
    "refuse": "says: it is a drawing of a sheep",
    "fail": "failed: ValueError: the moon is in the wrong place",
    "leave": "failed: SystemExit: 4",
    "abort": "crashed (SIGABRT)",
    "segfault": "crashed (SIGSEGV)",
    "hang": "did not answer for 3 s and was stopped",
    "glutton": "ran out of memory",
    "lie_negative": "returned uint8 of shape [-2, 3, 3]",
    "lie_text": "sent an answer that makes no sense and was stopped",
    "lie_larger": "failed: ValueError: could not broadcast",
    "lie_true": "sent an answer that makes no sense and was stopped",
    "lie_dtype": "returned object of shape [2, 3, 3]",
    "odd_photograph": "a resolution is two numbers of pixels per inch",
    "lie_beside": "returned a photograph that makes no sense",
    "lie_channels": "returned uint8 of shape",
}


@pytest.mark.parametrize("name", ["not_a_number", "infinite"])
def test_a_file_without_a_single_number_is_not_blamed_on_its_plugin(name, opened):
    with pytest.raises(actions.OpenError) as caught:
        opened(name)
    assert str(caught.value) == (
        f"picture.{name} holds no pixel that is a number: all are NaN or infinite."
    )


def test_what_is_no_number_in_a_foreign_file_is_mended_with_a_note(opened):
    result = opened("some_numbers")
    assert result.notes == (
        "2 pixels were no numbers (NaN, infinite, too large) and were made up from the neighbours.",
    )
    np.testing.assert_allclose(pixels_of(result), np.full((4, 5, 4), 0.25), rtol=1e-6)


@pytest.mark.parametrize("name", WRONG)
def test_what_an_importer_does_wrong_is_a_sentence_that_names_it(name, opened):
    with pytest.raises(actions.OpenError) as caught:
        opened(name)
    title = name.replace("_", " ")
    text = str(caught.value)
    assert text.startswith(f"picture.{name} cannot be opened: {title} ({NAME}) ")
    assert WRONG[name] in text
    assert text.endswith(".")
    assert text.count("\n") == 0
    assert np.array_equal(pixels_of(opened("fine")), PIXELS + 10), "the next file is fine"


def test_a_picture_beyond_the_limit_is_refused_before_it_is_copied(opened, studio):
    with pytest.raises(actions.OpenError, match=r"1048576 x 1048576 pixels .* more than the limit"):
        opened("huge", pixel_limit=1_000_000)
    with pytest.raises(actions.OpenError, match="--pixel-limit 6 "):
        opened("fine", pixel_limit=5)
    assert opened("fine", pixel_limit=6).document.width == 3


def test_transparency_beyond_full_is_refused(opened):
    with pytest.raises(actions.OpenError, match="its transparency goes beyond"):
        opened("odd_alpha")


def test_an_importer_sees_no_path_and_no_descriptor_of_the_file(opened):
    assert np.array_equal(pixels_of(opened("descriptors")), PIXELS)


def test_blocks_as_large_as_a_picture_are_given_back(opened, studio):
    opened("fine")
    (worker,) = studio._format_pools.built_in._idle
    assert worker._lent == {}


def test_a_file_that_a_plugin_does_not_take_costs_no_worker(opened, studio):
    opened("fine")
    (worker,) = studio._format_pools.built_in._idle
    for name in ("refuse", "fine", "refuse"):
        if name == "fine":
            opened(name)
        else:
            with pytest.raises(actions.OpenError, match="says: it is a drawing of a sheep"):
                opened(name)
        assert worker.alive
        assert studio._format_pools.built_in._idle == [worker]
        assert worker._lent == {}


def test_ctrl_c_in_the_middle_ends_the_worker_that_is_still_at_it(opened, studio, monkeypatch):
    opened("fine")
    (worker,) = studio._format_pools.built_in._idle

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(worker, "reply", stopped)
        with pytest.raises(KeyboardInterrupt):
            opened("hang")
    assert not worker.alive
    assert opened("fine").document.width == 3


def test_files_that_are_opened_at_once_wait_for_each_other(studio, tmp_path):
    def run(number):
        path = tmp_path / f"{number}.fine"
        path.write_bytes(b"x" * (number + 1))
        return actions.open_picture(path, importers=studio.importers)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(12)))
    for number, result in enumerate(results):
        assert np.array_equal(pixels_of(result), PIXELS + number + 1)


def test_after_the_end_of_the_session_it_is_a_sentence(folder, tmp_path):
    path = tmp_path / "a.fine"
    path.write_bytes(b"x")
    with actions.Studio(plugin_folders=[folder]) as studio:
        importers = studio.importers()
    with pytest.raises(actions.OpenError, match=rf"fine \({NAME}\) was closed\.$"):
        actions.open_picture(path, importers=lambda: importers)


def test_what_nobody_knows_lists_what_plugins_open_too(opened):
    with pytest.raises(actions.OpenError, match=r"JPEG, PNG, TIFF, WebP, .*Portable FloatMap"):
        opened("unheard-of")


def test_without_plugins_only_our_own_formats_are_open(tmp_path):
    path = tmp_path / "a.fine"
    path.write_bytes(b"x")
    names = " and ".join(", ".join(codec.name for codec in actions.CODECS).rsplit(", ", 1))
    with pytest.raises(actions.OpenError, match=f"Safelight opens {names}.$"):
        actions.open_picture(path)


def test_an_export_keeps_16_bits_and_alpha_and_reads_back(exported):
    pixels = np.dstack([PIXELS, PIXELS[..., :1]])
    data, notes = exported("kept", pixels)
    assert data == b"KEPT" + pixels.tobytes()
    assert notes == ()


def test_the_depth_asked_for_is_what_the_exporter_gets(exported, studio):
    eight = actions.ExportOptions(depth=8)
    data, notes = exported("alone", options=eight)
    assert data == b"uint8 (2, 3, 3)"
    assert "16-bit was reduced to 8-bit." in notes
    assert f"It was not read back, because {NAME} does not open alone." in notes


def test_what_the_format_cannot_keep_is_in_the_notes(exported):
    pixels = np.dstack([PIXELS, PIXELS[..., :1]])
    profile = Profile.from_icc(pictures.wide_profile())
    metadata = Metadata(exif=pictures.exif_block(1))
    _, notes = exported("lossy", pixels, profile=profile, metadata=metadata)
    assert [note.split(":")[0].split(" to ")[0] for note in notes] == [
        "Transparent parts became white",
        "16-bit was reduced",
        f"Colours were converted from {profile.name}",
        "The metadata were left out",
    ]
    bare = actions.ExportOptions(metadata="none")
    _, notes = exported("alone", options=bare, metadata=metadata)
    assert not any("metadata" in note for note in notes)


@pytest.mark.parametrize("word", ["", "partly"])
def test_a_format_without_room_for_the_mark_of_a_generator_is_named(exported, word):
    _, notes = exported("alone", synthetic=word)
    assert ("It is not marked as synthesised: alone holds no such mark." in notes) == bool(word)


def test_wide_colours_are_converted_to_srgb_and_not_cut_off_in_floats(studio, tmp_path):
    profile = Profile.from_icc(pictures.wide_profile())
    pixels = np.array([[[0, 1, 0], [0.25, 0.5, 0.75]]], np.float32)
    document = Document.from_raster(Raster.from_array(pixels.copy()), profile=profile)
    path = tmp_path / "wide.pfm"
    exported = actions.export(document, path, exporters=studio.exporters)
    (note,) = exported.notes
    assert note.startswith(f"Colours were converted from {profile.name} to sRGB")
    assert "cut off" not in note
    light = np.frombuffer(path.read_bytes()[12:], "<f4").reshape(pixels.shape)
    assert light.min() < 0, "a green that sRGB does not have"
    assert light == pytest.approx(to_linear(profile.to_srgb(pixels)), rel=1e-6)
    sixteen = actions.ExportOptions(depth=16)
    cut = actions.export(document, tmp_path / "a.alone", sixteen, exporters=studio.exporters)
    assert any("what lies outside sRGB was cut off" in note for note in cut.notes)


def test_a_format_without_profiles_refuses_one_and_says_what_else_it_cannot(exported):
    with pytest.raises(actions.ExportError, match="alone holds no colour profile"):
        exported("alone", options=actions.ExportOptions(profile=actions.profile_of("Adobe RGB")))
    _, notes = exported("alone", options=actions.ExportOptions(kilobytes=500))
    assert (
        "The file may be larger than 500 kB: alone has no quality that could be lowered." in notes
    )


def test_an_exporter_is_told_its_options_and_the_others_are_at_their_defaults(exported):
    chosen = actions.ExportOptions(quality=30, kilobytes=500)
    data, notes = exported("told", options=chosen)
    assert data == b"30 True"
    assert any("told keeps the quality asked for" in note for note in notes)
    chosen = actions.ExportOptions(settings={"dark": False, "of_another_format": 3})
    assert exported("told", options=chosen, name="other")[0] == b"75 False"
    with pytest.raises(actions.ExportError, match="told cannot be exported so: .*dark"):
        exported("told", options=actions.ExportOptions(settings={"dark": 3}))


def test_an_export_by_a_plugin_says_how_far_it_is_and_can_be_ended(studio, tmp_path):
    document = Document.from_raster(Raster.from_array(PIXELS.copy()))
    heard = []
    path = tmp_path / "a.told"
    actions.export(document, path, exporters=studio.exporters, hear=heard.append)
    assert len({share for share in heard if share > 0.5}) > 2
    assert heard == sorted(heard)

    class Enough(Exception):
        pass

    def ended(share):
        if share > 0.5:
            raise Enough

    path = tmp_path / "b.told"
    with pytest.raises(Enough):
        actions.export(document, path, exporters=studio.exporters, hear=ended)
    assert os.listdir(tmp_path) == ["a.told"]


def test_an_importer_that_wants_a_job_is_given_one(opened):
    assert opened("in_steps").document.width == 3


FAILING = {
    "pictures": (actions.ExportError, "it returned ndarray; expected the file as bytes"),
    "no_bytes": (actions.ExportError, "it returned bytes; expected the file"),
    "enormous": (actions.ExportError, "a file of a size that makes no sense"),
    "refuse_writing": (actions.ExportError, "says: it has too many sheep"),
    "crash_writing": (actions.ExportError, "crashed (SIGABRT)"),
    "hang_writing": (actions.ExportError, "did not answer for 3 s"),
    "fail": (actions.WriteError, "was not saved, because it did not read back"),
    "other_size": (actions.WriteError, "read back in another size"),
}


@pytest.mark.parametrize("name", FAILING)
def test_an_export_that_fails_leaves_the_old_file_and_nothing_else(name, studio, tmp_path):
    error, reason = FAILING[name]
    path = tmp_path / f"old.{name}"
    path.write_bytes(b"mine")
    document = Document.from_raster(Raster.from_array(PIXELS.copy()))
    with pytest.raises(error) as caught:
        actions.export(document, path, overwrite=True, exporters=studio.exporters)
    assert reason in str(caught.value)
    assert NAME in str(caught.value) or error is actions.WriteError
    assert path.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == [path.name]
