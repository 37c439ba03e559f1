"""What was done to a picture is stated in its export, told by ``info``, and drawn as a map."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from safelight import actions, api
from safelight.cli.main import main
from safelight.document import History, Kept, Layer, LiveFilter, edits
from safelight.files.provenance import provenance
from safelight.files.provenance.provenance_history import entries_of, history_stated
from safelight.pixels import Raster
from tests import pictures


def photograph(path):
    pixels = np.random.default_rng(3).integers(60, 200, (40, 48, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_an_export_names_filters_and_networks_a_sidecar_too_and_info_tells_it(tmp_path, capsys):
    source, project = photograph(tmp_path / "in.png"), tmp_path / "p.safelight"
    (tmp_path / "in.xmp").write_bytes(pictures.XMP)
    assert main(["apply", "clean_jpeg", str(source), str(project), "--device", "cpu"]) == 0
    out = tmp_path / "out.jpg"
    assert main(["export", str(project), str(out), "--sidecar"]) == 0
    capsys.readouterr()
    assert main(["info", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["metadata"]["edits"]
    with actions.Studio() as studio:
        declaration = studio.filter("clean_jpeg")
    assert declaration.purpose == "restore"
    assert told.startswith("filtered: Clean JPEG (safelight_clean.clean_jpeg)")
    assert f"{declaration.plugin} {declaration.version}" in told
    from safelight.actions.plugins.plugin_folders import plugin_folders

    networks = plugin_folders(())[declaration.plugin].rglob("*.onnx")
    assert any(hashlib.sha256(path.read_bytes()).hexdigest() in told for path in networks)
    assert history_stated((tmp_path / "out.xmp").read_bytes()) == (told,)
    bare = tmp_path / "bare.jpg"
    assert main(["export", str(project), str(bare), "--metadata", "none"]) == 0
    assert not history_stated(actions.open_picture(bare).document.metadata.xmp)
    beside = tmp_path / "copy.png"
    assert main(["export", str(source), str(beside), "--sidecar"]) == 0
    assert actions.open_picture(beside).document.metadata.xmp == pictures.XMP
    assert (tmp_path / "copy.xmp").read_bytes() == pictures.XMP


def test_the_history_of_other_programs_goes_on(tmp_path):
    old = provenance.packet(
        '<rdf:Description rdf:about="" xmlns:m="http://ns.adobe.com/xap/1.0/mm/"'
        ' xmlns:e="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"><m:History><rdf:Seq>'
        '<rdf:li e:action="saved" e:softwareAgent="Other"/></rdf:Seq></m:History>'
        "</rdf:Description>"
    )
    with actions.Studio() as studio:
        photo = actions.open_picture(photograph(tmp_path / "a.png")).document
        filter = studio.filter("exposure")
    held = LiveFilter(filter.id, filter.title, filter.plugin, filter.version, {"stops": 1.0})
    document = edits.add_layer(Layer("Lighter", held), None).apply(photo)
    notes = []
    found = provenance.marked_xmp(document, old, notes, edits=True)
    assert not notes
    first, second = history_stated(found)
    assert first == "saved: Other"
    assert "safelight_adjust.exposure" in second
    assert found.replace(entries_of(document)[0].encode(), b"") == old
    assert provenance.marked_xmp(document, b"<damaged", notes, edits=True) == b"<damaged"
    assert any("edits are not stated" in note for note in notes)


def test_a_map_shows_which_pixels_were_synthesised_by_which_step(tmp_path, capsys):
    photo = actions.open_picture(photograph(tmp_path / "in.png")).document

    def only(rows, columns):
        mask = np.zeros((40, 48, 1), np.uint8)
        mask[rows, columns] = 255
        return Raster.from_array(mask)

    black = Raster.from_array(np.zeros((40, 48, 3), np.uint8))
    kept = Kept(black, "key", synthetic="partly")
    layers = (
        Layer("Sky", black, mask=only(slice(0, 10), slice(0, 48)), synthetic="wholly"),
        Layer(
            "Repair",
            LiveFilter("safelight_repair.repair", kept=replace(kept, raster=_white())),
            mask=only(slice(5, 20), slice(4, 8)),
        ),
        Layer("Hidden", black, synthetic="wholly", visible=False),
        Layer("Retouched", black, mask=only(slice(30, 40), slice(0, 48))),
    )
    for layer in layers:
        photo = edits.add_layer(layer, None).apply(photo)
    project, drawn = tmp_path / "p.safelight", tmp_path / "map.png"
    actions.Project.create(project, History.start(photo)).close()
    words = [str(project), str(tmp_path / "out.png"), "--synthesised-map", str(drawn)]
    assert main(["export", *words]) == 0
    expected = np.zeros((40, 48), np.uint8)
    expected[:10] = 1
    expected[5:20, 4:8] = 2
    assert np.array_equal(np.asarray(Image.open(drawn)), expected)
    told = capsys.readouterr().out
    assert "1: Sky" in told
    assert "2: Repair" in told


def _white():
    return Raster.from_array(np.full((40, 48, 3), 255, np.uint8))


def test_what_invents_is_there_to_synthesise():
    def invented(image: api.Image) -> api.Image:
        """Invent."""
        return image

    declare = api.filter("Invented", category="X", invents=True)
    assert api.registered(declare(invented)).declaration.purpose == "synthesise"
    with pytest.raises(TypeError, match="synthesise, not to restore"):
        api.filter("Invented", category="X", invents=True, purpose="restore")(invented)
