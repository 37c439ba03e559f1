"""Content: each kind answers for itself, and a new one needs no other place."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import safelight
from safelight.document import (
    Document,
    Group,
    History,
    Layer,
    LiveFilter,
    edits,
    render,
    result_key,
)
from safelight.document.content import BY_NAME, KINDS, Kind, kind_of
from safelight.files.project import Project
from safelight.pixels import Raster

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


def test_a_kind_of_content_is_saved_with_its_layer(monkeypatch, tmp_path):
    kind = SpotKind()
    monkeypatch.setitem(KINDS, Spot, kind)
    monkeypatch.setitem(BY_NAME, kind.name, kind)
    document = Document(2, 2, "uint8", (Layer("Spot", Spot(7)),))
    Project.create(tmp_path / "a.safelight", History.start(document)).close()
    project, history = Project.open(tmp_path / "a.safelight")
    assert history.document.layers == document.layers
    project.close()
