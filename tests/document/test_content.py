"""Content: each kind answers for itself, and a new one needs no other place."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import safelight
from safelight.api import Region
from safelight.document import (
    Document,
    Group,
    History,
    Layer,
    LiveFilter,
    edits,
    geometry,
    render,
    result_key,
)
from safelight.document.contents.content import BY_NAME, KINDS, Kind, Picture, kind_of
from safelight.files.project.project import Project
from safelight.pixels import Profile, Raster, from_float, to_float
from tests import pictures

SOURCES = Path(safelight.__file__).parent


def test_nobody_asks_what_class_a_content_is_of():
    asked = re.compile(
        r"isinstance\([^()]*content\b|isinstance\([^()]*,[^()]*\b(LiveFilter|Group)\b"
    )
    found = [
        f"{path.relative_to(SOURCES)}: {line.strip()}"
        for path in sorted(SOURCES.rglob("*.py"))
        for line in path.read_text().splitlines()
        if asked.search(line)
    ]
    assert found == []


def test_a_layer_holds_what_is_registered_and_nothing_else():
    with pytest.raises(TypeError, match="a layer cannot hold a str"):
        Layer("Words", "words")
    assert {kind.name for kind in KINDS.values()} >= {"pixels", "filter", "group"}


@dataclass(frozen=True)
class Spot:
    """A kind of content that the editor does not have: two pixels of one value."""

    value: int


class SpotKind(Kind):
    name = "spot"

    def pixels(self, content):
        return Raster.filled(2, 2, (content.value,) * 3, "uint8")

    def key(self, content, masked, layers):
        return ["spot", content.value]

    def to_json(self, content):
        return content.value

    def from_json(self, data):
        return Spot(int(data))


def test_a_kind_of_content_is_one_class_and_one_line(monkeypatch):
    monkeypatch.setitem(KINDS, Spot, SpotKind())
    layer = Layer("Spot", Spot(7))
    document = Document(2, 2, "uint8", (layer, Layer("Group", Group((Layer("In", Spot(9)),)))))
    assert (render(document, document.region) == 9).all()
    copied = edits.duplicate_layer(layer.id).apply(document)
    assert [kind_of(item.content).name for item in copied.walk()] == ["spot"] * 3 + ["group"]
    held = LiveFilter("some.filter")
    keys = {result_key(Document(2, 2, "uint8", (Layer("S", Spot(n)),)), held, {}) for n in (1, 2)}
    assert len(keys) == 2
    assert np.array_equal(document.layers[0].pixels.to_array(), np.full((2, 2, 3), 7))


@dataclass(frozen=True)
class Glow:
    """A kind of content without pixels before it is looked at: light of one value."""

    value: float


class GlowKind(Kind):
    name = "glow"
    shown = Raster.filled(2, 2, (9, 9, 9), "uint8")

    def fits(self, content, place, picture):
        return False

    def seen(self, content, place, picture):
        light = picture.profile.from_srgb(np.full((1, 1, 3), content.value, np.float32))
        pixel = from_float(light, picture.depth)[0, 0]
        return Raster.filled(picture.width, picture.height, pixel, picture.depth)

    def sample(self, content):
        return self.shown

    def key(self, content, masked, layers):
        return ["glow", content.value]


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_what_has_no_pixels_of_its_own_is_seen_in_the_pictures_size_depth_and_colours(
    depth, monkeypatch
):
    monkeypatch.setitem(KINDS, Glow, GlowKind())
    profile = Profile.from_icc(pictures.wide_profile())
    half = float(profile.from_srgb(np.full((1, 1, 3), 0.5, np.float32))[0, 0, 0]) / 2
    assert Picture(3, 2, depth) != Picture(3, 2, depth, profile=profile)
    black = Raster.filled(3, 2, (0, 0, 0), depth)
    layers = (Layer("Below", black), Layer("Glow", Glow(0.5), id="glow", opacity=0.5))
    document = Document(3, 2, depth, layers, profile=profile)
    assert document.looked_at.profile is profile
    assert document.picture is document.picture
    assert document.picture.layer("glow").pixels.depth == depth
    assert not document.has_alpha
    shown = to_float(render(document, document.region))
    assert shown.shape == (2, 3, 3)
    assert np.abs(shown - half).max() < 1 / 200
    narrow = geometry.crop(document, Region(1, 0, 1, 2))
    assert np.abs(to_float(render(narrow, narrow.region)) - half).max() < 1 / 200
    for larger in (
        geometry.resize(document, 6, 4),
        edits.enlarge({layers[0].id: Raster.filled(6, 4, (0, 0, 0), depth)}, 2).apply(document),
    ):
        assert larger.layer("glow").content == Glow(0.5), "it needs no new pixels"
        seen = larger.picture.layer("glow").pixels
        assert (seen.width, seen.height, seen.depth) == (6, 4, depth)
    assert layers[1].kind.sample(layers[1].content) is GlowKind.shown
    assert black is layers[0].kind.sample(layers[0].content)


def test_a_kind_of_content_is_saved_with_its_layer(monkeypatch, tmp_path):
    kind = SpotKind()
    monkeypatch.setitem(KINDS, Spot, kind)
    monkeypatch.setitem(BY_NAME, kind.name, kind)
    document = Document(2, 2, "uint8", (Layer("Spot", Spot(7)),))
    Project.create(tmp_path / "a.safelight", History.start(document)).close()
    project, history = Project.open(tmp_path / "a.safelight")
    assert history.document.layers == document.layers
    project.close()
