"""The project file: what is saved is what is opened, and strangers' files are refused."""

import json
import random
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.api import Region
from safelight.document import (
    Document,
    Group,
    History,
    Kept,
    Layer,
    LiveFilter,
    Metadata,
    edits,
    render,
)
from safelight.files import project as module
from safelight.files.project import (
    Project,
    ProjectChanged,
    ProjectError,
    ProjectInUse,
    kept_steps,
)
from safelight.files.recovery import Recovery, left_behind
from safelight.pixels import MODES, Raster


def noise(height, width, channels, depth="uint8", seed=0):
    values = np.random.default_rng(seed).random((height, width, channels), np.float32)
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    return Raster.from_array((values * full).astype(depth))


def rich(depth="uint8"):
    """A document with everything a document can have."""
    size = 300, 280
    mask = noise(*size, 1, seed=4)
    held = LiveFilter(
        *("plugin.filter", "Filter", "plugin", "1.2"),
        {"amount": 0.25, "count": 3, "on": True, "mode": "soft", "huge": 1e-300},
        *("luminance", 0.5),
        Kept(noise(*size, 3, depth, seed=2), "key", {"net.onnx": "ab"}),
    )
    layers = (
        Layer("Grund – 地", noise(*size, 3, depth), locked=True),
        Layer("Group", Group((Layer("Inside", noise(*size, 4, depth, 1), mode="multiply"),))),
        Layer("Filter", held, opacity=0.5, mask=mask),
        Layer("Clipped", noise(*size, 4, depth, 3), clipped=True, visible=False),
    )
    metadata = Metadata(b"II*\0exif", b"<xmp/>", None, (300.0, 299.5))
    selection = Raster.filled(280, 300, (255,), "uint8")
    return Document(280, 300, depth, layers, metadata=metadata, name="Ä", selection=selection)


def plain(value):
    """A document as values that compare by content."""
    if isinstance(value, Raster):
        return value.digest()
    if isinstance(value, Document):
        fields = (value.width, value.height, value.depth, value.name, value.selection)
        return (
            *map(plain, fields),
            (value.profile.icc, value.profile.name, value.metadata),
            tuple(map(plain, value.layers)),
        )
    if isinstance(value, Layer):
        own = (value.id, value.name, value.opacity, value.mode, value.visible, value.locked)
        return own, value.clipped, plain(value.mask), plain(value.content)
    if isinstance(value, Group):
        return tuple(map(plain, value.layers))
    if isinstance(value, LiveFilter):
        kept = value.kept and (plain(value.kept.raster), value.kept.key, dict(value.kept.models))
        text = (value.id, value.title, value.plugin, value.version, value.channels, value.texture)
        return text, json.dumps(dict(value.settings), sort_keys=True), kept
    return value


def steps_of(history):
    return [(step.label, step.token, plain(step.document)) for step in history.steps]


def saved_and_opened(path, history):
    Project.create(path, history, overwrite=True).close()
    project, opened = Project.open(path)
    project.close()
    return opened


def painted(history, number):
    layer = history.document.layers[-1]
    dab = np.full((9, 9, layer.raster.channels), number % 256, layer.raster.depth)
    raster = layer.raster.replaced(Region(5 * (number % 9), 7, 9, 9), dab)
    return history.do(edits.set_pixels(layer.id, raster, f"Stroke {number}"))


def rows(project, table):
    found = project._connection.execute(f"SELECT hash, length(data) FROM {table}")
    return dict(found.fetchall())


# -- what is saved is what is opened ---------------------------------------------------------


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_everything_a_document_has_survives(tmp_path, depth):
    history = History.start(rich(depth))
    history = painted(history, 1).do(edits.set_opacity(history.document.layers[2].id, 0.3, "t"))
    opened = saved_and_opened(tmp_path / "a.safelight", history)
    assert steps_of(opened) == steps_of(history)
    assert opened.position == history.position


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_document_survives(tmp_path, data):
    draw = data.draw
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    depth = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    layers = tuple(
        Layer(
            draw(st.text(max_size=8)),
            noise(height, width, draw(st.sampled_from([3, 4])), depth, seed),
            opacity=draw(st.floats(0, 1)),
            mode=draw(st.sampled_from(sorted(MODES))),
            visible=draw(st.booleans()),
            clipped=draw(st.booleans()),
        )
        for seed in range(draw(st.integers(1, 4)))
    )
    history = History.start(Document(width, height, depth, layers))
    opened = saved_and_opened(tmp_path / "any.safelight", history)
    assert steps_of(opened) == steps_of(history)


def test_steps_undone_can_be_redone_after_opening(tmp_path):
    history = History.start(rich())
    for number in range(5):
        history = painted(history, number)
    opened = saved_and_opened(tmp_path / "a.safelight", history.jump(2))
    assert (opened.position, len(opened.steps)) == (2, 6)
    assert plain(opened.redo().document) == plain(history.steps[3].document)


def test_pixels_that_steps_share_are_shared_after_opening(tmp_path):
    opened = saved_and_opened(tmp_path / "a.safelight", painted(History.start(rich()), 1))
    one, other = (step.document.layers[0].raster for step in opened.steps)
    assert one is other


def test_a_project_whose_plugin_is_missing_shows_what_was_kept(tmp_path):
    opened = saved_and_opened(tmp_path / "a.safelight", History.start(rich()))
    region = opened.document.region
    assert np.array_equal(render(opened.document, region), render(rich(), region))
    assert opened.document.layers[2].filter.plugin == "plugin"


# -- a save costs what has changed -----------------------------------------------------------


def test_a_save_after_a_stroke_writes_only_what_is_new(tmp_path):
    path = tmp_path / "a.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    before = rows(project, "tiles")
    history = painted(history, 1)
    project.save(history)
    after = rows(project, "tiles")
    assert len(set(after) - set(before)) == 1
    assert set(before) <= set(after)
    project.close()


def test_what_no_step_needs_leaves_the_file(tmp_path):
    path = tmp_path / "a.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    first = rows(project, "tiles")
    for number in range(3):
        project.save(painted(history, number))
    project.save(history)
    assert rows(project, "tiles") == first
    project.close()


def test_a_long_history_is_kept_as_far_as_the_budget_goes(monkeypatch):
    history = History.start(rich())
    for number in range(20):
        history = painted(history, number)
    monkeypatch.setattr(module, "KEPT_STEPS", 5)
    first, steps = kept_steps(history)
    assert (first, len(steps)) == (15, 6)
    assert steps[-1] is history.steps[-1]


# -- others ----------------------------------------------------------------------------------


def test_a_project_cannot_be_open_twice(tmp_path):
    path = tmp_path / "a.safelight"
    project = Project.create(path, History.start(rich()))
    with pytest.raises(ProjectInUse, match=r"a\.safelight is open already"):
        Project.open(path)
    with pytest.raises(ProjectInUse):
        Project.create(path, History.start(rich()), overwrite=True)
    project.close()
    Project.open(path)[0].close()


def test_a_file_that_another_program_has_changed_is_not_overwritten(tmp_path):
    path, other = tmp_path / "a.safelight", tmp_path / "b.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    Project.create(other, painted(history, 1)).close()
    other.replace(path)
    with pytest.raises(ProjectChanged, match="save under another name"):
        project.save(painted(history, 2))
    project.close()
    assert len(Project.open(path)[1].steps) == 2
    Project.create(tmp_path / "c.safelight", painted(history, 2)).close()


def test_nothing_is_written_over_a_file_unasked(tmp_path):
    path = tmp_path / "a.safelight"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        Project.create(path, History.start(rich()))
    assert path.read_bytes() == b"mine"


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path):
    path = tmp_path / "a.safelight"
    history = History.start(rich())
    project = Project.create(path, history)
    (pages,) = project._connection.execute("PRAGMA page_count").fetchone()
    project._connection.execute(f"PRAGMA max_page_count = {pages}")
    layer = history.document.layers[-1]
    larger = history.do(edits.set_pixels(layer.id, noise(300, 280, 4, seed=9)))
    with pytest.raises(ProjectError, match=r"a\.safelight cannot be saved: the disk is full\."):
        project.save(larger)
    project._connection.execute(f"PRAGMA max_page_count = {1 << 30}")
    project.save(larger)  # when there is room again
    project.close()
    assert steps_of(Project.open(path)[1]) == steps_of(larger)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ProjectError, match="cannot be saved"):
        Project.create(tmp_path / "no" / "a.safelight", History.start(rich()))


def test_a_failed_save_leaves_nothing_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(module.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "no")))
    with pytest.raises(ProjectError):
        Project.create(tmp_path / "a.safelight", History.start(rich()))
    assert list(tmp_path.iterdir()) == []


# -- damaged and hostile files ---------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"\xff\xd8\xff", b"x" * 5000])
def test_what_is_no_project_is_refused(tmp_path, content):
    path = tmp_path / "a.safelight"
    path.write_bytes(content)
    with pytest.raises(ProjectError):
        Project.open(path)


def test_a_damaged_file_opens_as_it_was_or_is_refused(tmp_path):
    path, broken = tmp_path / "a.safelight", tmp_path / "b.safelight"
    history = painted(History.start(rich()), 1)
    Project.create(path, history).close()
    whole, expected = path.read_bytes(), steps_of(history)
    dice, refused = random.Random(5), 0
    for turn in range(250):
        data = bytearray(whole)
        if turn % 3 == 0:
            del data[dice.randrange(len(data)) :]
        else:
            for _ in range(dice.choice([1, 4, 60])):
                data[dice.randrange(len(data))] = dice.randrange(256)
        broken.write_bytes(data)
        try:
            project, opened = Project.open(broken)
        except ProjectError:
            refused += 1
            continue
        project.close()
        # Labels, ids and settings are text that nothing guards; pixels are guarded by their hash.
        assert [plain(x.document)[:3] for x in opened.steps] == [x[2][:3] for x in expected]
        digests = [[r.digest() for r in step.document.rasters()] for step in opened.steps]
        assert digests == [[r.digest() for r in step.document.rasters()] for step in history.steps]
    assert refused > 100


def tampered(tmp_path, *statements):
    path = tmp_path / "a.safelight"
    Project.create(path, History.start(rich()), overwrite=True).close()
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(*statement) if isinstance(statement, tuple) else connection.execute(
            statement
        )
    connection.commit()
    connection.close()
    return path


def with_json(tmp_path, change):
    path = tampered(tmp_path)
    connection = sqlite3.connect(path)
    name, text = connection.execute("SELECT hash, data FROM documents").fetchone()
    data = json.loads(text)
    change(data)
    connection.execute("UPDATE documents SET data = ?", (json.dumps(data),))
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", "saved by a later version"),
        ("PRAGMA application_id = 1", "a database of another program"),
        ("CREATE VIEW v AS SELECT 1", "its tables are not a project's"),
        ("CREATE TRIGGER t AFTER INSERT ON meta BEGIN SELECT 1; END", "are not a project's"),
        ("CREATE TABLE more (x)", "are not a project's"),
        ("DROP TABLE blobs", "are not a project's"),
        ("DELETE FROM steps", "no document"),
        ("DELETE FROM documents", "missing"),
        ("DELETE FROM tiles", "missing"),
        ("DELETE FROM rasters", "missing"),
        ("UPDATE rasters SET width = 100000000, height = 100000000", "too large"),
        ("UPDATE rasters SET width = 0", "too large"),
        ("UPDATE rasters SET width = -5", "too large"),
        ("UPDATE rasters SET width = 'x'", "no size"),
        ("UPDATE rasters SET channels = 2", "no known kind"),
        ("UPDATE rasters SET depth = 'float64'", "no known kind"),
        ("UPDATE rasters SET tiles = x'00'", "not as many tiles"),
        ("UPDATE tiles SET data = x'01'", "a tile is too small|unpacked"),
        ("UPDATE tiles SET data = 'text'", "missing"),
        ("UPDATE meta SET value = '7'", "no present step"),
        ("UPDATE meta SET value = '-1'", "no present step"),
        ("UPDATE documents SET data = '{'", "cannot be read"),
        ("UPDATE documents SET data = '[' || replace(hex(zeroblob(50000)), '00', '[')", "read"),
        ("UPDATE documents SET data = 'null'", "no fields|should have fields"),
    ],
)
def test_a_hostile_file_is_refused_in_words(tmp_path, statement, message):
    path = tampered(tmp_path, statement)
    with pytest.raises(ProjectError, match=message):
        Project.open(path)


def set_layer(index, **values):
    return lambda data: data["layers"][index].update(values)


@pytest.mark.parametrize(
    "change",
    [
        set_layer(0, opacity=float("nan")),
        set_layer(0, opacity=2),
        set_layer(0, opacity="1"),
        set_layer(0, mode="invert"),
        set_layer(0, visible=1),
        set_layer(0, name=None),
        set_layer(0, pixels="../x"),
        set_layer(0, mask=5),
        lambda data: data["layers"].append(data["layers"][0]),
        lambda data: data.update(width=-1),
        lambda data: data.update(width=10**30),
        lambda data: data.update(height=299),
        lambda data: data.update(depth="float64"),
        lambda data: data.update(depth="uint16"),
        lambda data: data.update(layers={}),
        lambda data: data.update(dpi=[1]),
        lambda data: data.update(profile="missing"),
        lambda data: data["layers"][2]["filter"].update(channels="red"),
        lambda data: data["layers"][2]["filter"].update(settings={"a": [1]}),
        lambda data: data["layers"][2]["filter"].update(texture=-1),
    ],
)
def test_a_document_that_makes_no_sense_is_refused(tmp_path, change):
    with pytest.raises(ProjectError, match="cannot be opened"):
        Project.open(with_json(tmp_path, change))


def test_groups_in_groups_without_end_are_refused(tmp_path):
    def nest(data):
        layer = data["layers"][0]
        for number in range(200):
            layer = layer | {"group": [layer], "pixels": None, "id": str(number)}
        data["layers"] = [layer]

    with pytest.raises(ProjectError, match="deep"):
        Project.open(with_json(tmp_path, nest))


def test_a_tile_that_unpacks_to_more_than_a_tile_is_refused(tmp_path):
    import imagecodecs

    bomb = b"\1" + bytes(imagecodecs.zstd_encode(bytes(200 << 20), 1))
    path = tampered(tmp_path, ("UPDATE tiles SET data = ?", (bomb,)))
    with pytest.raises(ProjectError, match="unpacked"):
        Project.open(path)


# -- versions, recovery ----------------------------------------------------------------------


def test_a_project_of_version_0_is_migrated(tmp_path):
    path = tampered(
        tmp_path,
        "ALTER TABLE steps RENAME TO newer",
        "CREATE TABLE steps (position INTEGER PRIMARY KEY, label TEXT NOT NULL,"
        " document TEXT NOT NULL)",
        "INSERT INTO steps SELECT position, label, document FROM newer",
        "DROP TABLE newer",
        "PRAGMA user_version = 0",
    )
    project, history = Project.open(path)
    document = replace(rich(), layers=history.document.layers)
    assert plain(history.document)[:5] == plain(document)[:5]
    project.save(painted(history, 1))
    project.close()
    assert len(Project.open(path)[1].steps) == 2


def test_what_a_living_process_holds_is_not_offered_for_recovery(tmp_path):
    recovery = Recovery(tmp_path, tmp_path / "photo.jpg", "photo.jpg")
    history = painted(History.start(rich()), 1)
    recovery.save(history)
    assert left_behind(tmp_path) == []
    recovery._project.close()  # as a kill does
    (left,) = left_behind(tmp_path)
    assert (left.name, left.original) == ("photo.jpg", tmp_path / "photo.jpg")
    again, recovered = Recovery.taken(left)
    assert steps_of(recovered) == steps_of(history)
    again.discard()
    assert list(tmp_path.iterdir()) == []
