"""Which network saw which document is written down, once for each sight, and shows what changed."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from safelight.actions import Studio, network_log
from safelight.actions.network_log import NetworkLog, verdict
from safelight.api import Region
from safelight.cli import main
from safelight.document import Document
from safelight.files import FileExists
from safelight.pixels import Raster
from safelight.workers.job_events import JobFinished
from safelight.workers.network_sight import Sight, named_networks

SIGHT = Sight("cat.jpg", 30, 20, "safelight_clean.denoise", "safelight-clean", "1.0")


@pytest.fixture
def log(tmp_path):
    return NetworkLog(tmp_path / "log.jsonl")


def fill(log, count=3):
    for number in range(count):
        log.note(replace(SIGHT, document=f"{number}.jpg"), "a.onnx", f"{number:064}")


def changed(log, change):
    """The log after its lines were changed by somebody."""
    lines = log.path.read_text().splitlines()
    change(lines)
    log.path.write_text("".join(f"{line}\n" for line in lines))
    return log.entries()


def document(name, side=48):
    pixels = np.random.default_rng(8).integers(0, 256, (side, side, 3), np.uint8)
    return replace(Document.from_raster(Raster.from_array(pixels)), name=name)


def test_each_sight_is_an_entry_and_the_same_one_within_a_minute_is_not_another(log):
    log.note(SIGHT, "a.onnx", "0" * 64)
    log.note(SIGHT, "a.onnx", "0" * 64)
    log.note(replace(SIGHT, part=Region(1, 2, 3, 4)), "a.onnx", "0" * 64)
    first, second = log.entries()
    assert (first.number, first.document, first.width, first.height) == (1, "cat.jpg", 30, 20)
    assert (first.network, first.sha256, first.filter) == ("a.onnx", "0" * 64, SIGHT.filter)
    assert (first.plugin, first.version, first.part) == ("safelight-clean", "1.0", None)
    assert (second.number, second.part) == (2, (1, 2, 3, 4))
    assert os.stat(log.path).st_mode & 0o077 == 0
    assert verdict(log.entries()).startswith("2 entries; none has been changed")


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda lines: lines.__setitem__(1, lines[1].replace("1.jpg", "x.jpg")), [2]),
        (lambda lines: lines.pop(1), [3]),
        (lambda lines: lines.insert(1, lines[0]), [1]),
        (lambda lines: lines.reverse(), [4, 3, 2, 1]),
        (lambda lines: lines.__setitem__(1, "[" * 100_000), [2, 3]),
    ],
)
def test_an_entry_changed_taken_out_or_put_in_shows(log, change, broken):
    fill(log, 4)
    entries = changed(log, change)
    assert [item.number for item in entries if not item.intact] == broken
    assert f"at number {broken[0]} something was changed" in verdict(entries)


def test_one_cut_short_by_a_crash_shows_and_those_after_it_are_sound(log):
    fill(log, 2)
    with log.path.open("ab") as file:
        file.write(b'{"number": 3, "time"')
    NetworkLog(log.path).note(SIGHT, "b.onnx", "b" * 64)
    assert [item.intact for item in log.entries()] == [True, True, False, True]
    assert log.entries()[-1].number == 3


def test_a_clock_that_was_set_back_is_told_and_the_order_is_by_number(log, monkeypatch):
    fill(log, 1)
    later = json.loads(log.path.read_text()) | {"time": "2999-01-01T00:00:00Z"}
    later["seal"] = network_log._seal(later, "")
    log.path.write_text(json.dumps(later) + "\n")
    fill(NetworkLog(log.path), 2)
    entries = log.entries()
    assert [item.number for item in entries] == [1, 2, 3]
    assert [item.remark for item in entries] == ["", "The clock was behind the entry before.", ""]
    assert all(item.intact for item in entries)


def test_several_write_at_once_and_nothing_is_lost_or_out_of_order(log):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: fill(NetworkLog(log.path), 20), range(4)))
    entries = log.entries()
    assert [item.number for item in entries] == list(range(1, 81))
    assert all(item.intact for item in entries)


def test_it_is_exported_as_it_is_and_deleted_on_request(log, tmp_path):
    fill(log)
    target = tmp_path / "out.jsonl"
    log.export(target)
    assert target.read_bytes() == log.path.read_bytes()
    with pytest.raises(FileExists):
        log.export(target)
    log.delete()
    assert log.entries() == ()
    assert verdict(()) == "No network has seen a document yet, or the log was deleted."
    log.note(SIGHT, "a.onnx", "0" * 64)
    assert [(item.number, item.intact) for item in log.entries()] == [(1, True)]


def test_where_it_cannot_be_kept_one_sentence_says_so_and_nothing_stops(tmp_path):
    (tmp_path / "log").mkdir()
    said = []
    log = NetworkLog(tmp_path / "log", lambda text: said.append(text) or True)
    log.note(SIGHT, "a.onnx", "0" * 64)
    log.note(SIGHT, "b.onnx", "0" * 64)
    assert said == ["What networks see is not noted: log cannot be written (Is a directory)."]


@pytest.mark.parametrize(
    "said", [None, [], {"a": 1}, {"": "0" * 64}, {"a": "0" * 63}, {"a\n": "0" * 64}]
)
def test_a_worker_that_names_no_networks_is_not_believed(said):
    with pytest.raises(ValueError, match="network"):
        named_networks(said)


def test_every_run_of_a_network_through_a_session_is_noted_and_cheap_filters_are_not(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Studio(device="cpu") as studio:
        photograph = document("forest.jpg")
        models = {}
        for name in ("vignette", "denoise"):
            job = studio.start(studio.filter(name), {}, photograph)
            assert isinstance(job.wait(300), JobFinished)
            models |= job.models
        entries = studio.log.entries()
        assert {item.network: item.sha256 for item in entries} == models != {}
        assert {item.document for item in entries} == {"forest.jpg"}
        assert {item.filter for item in entries} == {"safelight_clean.denoise"}
        part = Region(0, 0, 20, 20)
        job = studio.start(studio.filter("denoise"), {}, photograph, region=part)
        job.wait(300)
        assert studio.log.entries()[-1].part == (0, 0, 20, 20)
        found = studio.filter("auto_light")
        studio.found(found, found.settings({}), document("found.jpg"))
    assert [item.document for item in studio.log.entries()][2:] == ["found.jpg"]


def test_the_command_lists_exports_and_deletes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log = NetworkLog()
    fill(log)
    assert main(["models", "log", "--document", "1.JPG"]) == 0
    said = capsys.readouterr().out
    assert "1.jpg  30x20" in said
    assert "0.jpg" not in said
    assert "3 entries; none has been changed" in said
    target = tmp_path / "kept.jsonl"
    assert main(["models", "log", "--export", str(target), "--delete"]) == 0
    assert len(target.read_text().splitlines()) == 3
    assert log.entries() == ()


def test_a_command_says_at_its_end_that_nothing_was_noted(tmp_path, monkeypatch, capsys):
    (tmp_path / "safelight").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log = NetworkLog()
    log.note(SIGHT, "a.onnx", "0" * 64)
    assert main(["plugins", "list"]) == 0
    assert "safelight: What networks see is not noted" in capsys.readouterr().err
    assert not network_log.UNHEARD
