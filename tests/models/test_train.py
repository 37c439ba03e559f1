"""Training an enlarger: tiny runs of every kind really learn, stop, resume and scale out."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import training  # noqa: E402
from models.adversary import pattern  # noqa: E402
from models.enlarge.network import build  # noqa: E402
from models.enlarge.train import Settings, train  # noqa: E402
from tests.attack import times  # noqa: E402
from tests.models.made_pictures import features, photographs  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    """Settings that all runs share: generated photographs, small crops, one cache."""
    folder = tmp_path_factory.mktemp("training")
    return {
        "photos": photographs(folder / "photographs"),
        "cache": folder / "cache",
        "scale": 2,
        "batch": 4,
        "patch": 16,
        "measure_every": 1e9,
    }


def rows(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_minutes_on_a_processor_are_those_that_it_works_for_the_run():
    devices = training.fabric()
    clock = training.Clock(1.0, None, 0.0, devices)
    before = clock.seconds()
    threading.Event().wait(0.3)  # the core is somebody else's
    waited = clock.seconds() - before
    start = time.thread_time()
    while time.thread_time() - start < 0.1:
        pass
    worked = clock.seconds() - before - waited
    assert waited < 0.1  # nothing of the wait, whatever else the machine does
    assert worked >= 0.1


@pytest.mark.attack
@pytest.mark.parametrize(
    ("family", "source"), times([("fast", "clean"), ("quality", "photo")], [("fast", "clean")])
)
def test_a_few_seconds_of_training_lower_the_loss(common, tmp_path, family, source):
    steps = times(60, 36)
    losses = train(Settings(out=tmp_path, family=family, source=source, steps=steps, **common))
    assert len(losses) == steps
    assert np.mean(losses[-8:]) < 0.85 * np.mean(losses[:8])
    measured = [row["held_out_psnr"] for row in rows(tmp_path) if "held_out_psnr" in row]
    assert measured[-1] > measured[0]


def test_a_crisp_run_comes_nearer_in_features_and_teaches_its_adversary(
    common, tmp_path, monkeypatch
):
    from models.enlarge import train as module

    monkeypatch.setattr(module, "ADVERSARY_ALONE", 5)
    distances = []
    measure = module.feature_loss

    def noted(*pictures):
        distances.append(float(measure(*pictures).detach()))
        return measure(*pictures)

    monkeypatch.setattr(module, "feature_loss", noted)
    weights = features(tmp_path / "features.npz")
    settings = Settings(out=tmp_path, look="crisp", features=weights, steps=60, **common)
    train(settings)
    assert np.mean(distances[-5:]) < 0.95 * np.mean(distances[:5])
    state = training.load_state(tmp_path / "state.pt")
    torch.manual_seed(settings.seed)
    assert len(state["adversary"]["optimizer"]["state"]) > 0


def test_a_run_resumes_where_it_stopped(common, tmp_path):
    first = train(Settings(out=tmp_path, steps=3, **common))
    before = training.load_state(tmp_path / "state.pt")
    second = train(Settings(out=tmp_path, steps=8, resume=True, **common))
    state = training.load_state(tmp_path / "state.pt")
    assert (len(first), len(second)) == (3, 5)
    assert (before["step"], state["step"]) == (3, 8)
    assert state["seconds"] > before["seconds"] > 0
    assert [row["settings"]["resume"] for row in rows(tmp_path) if "settings" in row] == [0, 1]
    assert train(Settings(out=tmp_path, steps=8, resume=True, **common)) == []


def test_the_log_names_no_folder(common, tmp_path):
    train(Settings(out=tmp_path, steps=1, **common))
    assert str(tmp_path.parent) not in (tmp_path / "log.jsonl").read_text()


@pytest.mark.parametrize("family", ["fast", "quality"])
def test_what_a_run_resumes_from_comes_back_and_fits_in_16_mib(family, tmp_path):
    network = build(family, 4)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    for weights in network.parameters():
        weights.grad = torch.randn_like(weights)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer.step()
    stored = {"weights": network.state_dict(), "optimizer": optimizer.state_dict()}
    training.save_state(
        tmp_path / "state.pt", {"network": stored, "average": before, "step": 7, "seconds": 1.5}
    )
    assert (tmp_path / "state.pt").stat().st_size <= 16 << 20
    state = training.load_state(tmp_path / "state.pt")
    assert (state["step"], state["seconds"]) == (7, 1.5)
    for name, value in network.state_dict().items():
        assert torch.equal(state["network"]["weights"][name], value)
        assert float((state["average"][name] - before[name]).abs().max()) < 1e-5
    again = build(family, 4)
    moments = torch.optim.Adam(again.parameters(), 1e-3)
    moments.load_state_dict(state["network"]["optimizer"])
    for old, new in zip(network.parameters(), again.parameters(), strict=True):
        wanted, found = optimizer.state[old]["exp_avg"], moments.state[new]["exp_avg"]
        assert found.dtype == torch.float32
        assert torch.allclose(found, wanted, rtol=0.01)


def state_of(count):
    weights = {"a": torch.randn(count)}
    return {"network": {"weights": weights, "optimizer": {}}, "average": weights, "step": 1}


def test_a_large_state_goes_on_in_files_of_16_mib_and_comes_back(tmp_path):
    path = tmp_path / "state.pt"
    state = state_of(4 << 20)
    training.save_state(path, state)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert set(sizes) == {"state.pt", "state_1.pt"}
    assert max(sizes.values()) <= 16 << 20
    weights = training.load_state(path)["network"]["weights"]
    assert torch.equal(weights["a"], state["network"]["weights"]["a"])
    training.save_state(path, state_of(10))
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


def test_files_of_two_saves_are_no_state(tmp_path):
    path = tmp_path / "state.pt"
    training.save_state(path, state_of(4 << 20))
    first = path.read_bytes()
    training.save_state(path, state_of(4 << 20))
    path.write_bytes(first)
    with pytest.raises(ValueError, match="not of one save"):
        training.load_state(path)


def test_a_state_that_is_too_large_is_refused(tmp_path):
    with pytest.raises(ValueError, match="64 MiB"):
        training.save_state(tmp_path / "state.pt", state_of(12 << 20))
    assert not list(tmp_path.iterdir())


def test_the_rate_warms_up_and_ends_at_its_lowest():
    rising = [training.rate(part, 1e-3) for part in np.linspace(0, training.WARM_UP, 20)]
    assert rising == sorted(rising)
    assert rising[-1] == pytest.approx(1e-3, rel=0.01)
    falling = [training.rate(part, 1e-3) for part in np.linspace(training.WARM_UP, 1, 50)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(1e-6)


def test_the_average_follows_the_weights_slowly():
    layer = torch.nn.Linear(1, 1)
    average = training.Average(layer, momentum=0.99)
    start = float(average.weights["bias"])
    torch.nn.init.constant_(layer.bias, start + 1)
    average.update(layer, 10**6)
    assert float(average.weights["bias"]) == pytest.approx(start + 0.01)


def test_torchrun_trains_on_two_processes_and_one_of_them_writes(common, tmp_path):
    given = [("--photos", common["photos"]), ("--cache", common["cache"]), ("--out", tmp_path)]
    given += [("--scale", 2), ("--batch", 2), ("--patch", 16), ("--steps", 2)]
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        free = str(one.getsockname()[1])
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]
        + [free, "-m", "models.enlarge.train", *(str(part) for pair in given for part in pair)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    noted = rows(tmp_path)
    assert len([row for row in noted if "settings" in row]) == 1  # one of the two keeps the log
    assert noted[-1]["step"] == 2
    assert (tmp_path / "weights.npz").exists()


def test_dots_on_the_grid_of_the_input_are_a_pattern_and_texture_is_none():
    dots = torch.zeros(1, 3, 64, 64)
    dots[..., ::4, ::4] = 1
    moved = torch.randperm(64 * 64, generator=torch.Generator().manual_seed(2))
    texture = dots.flatten(2)[..., moved].view_as(dots)
    assert float(pattern(dots, 4)) == pytest.approx(1 / 16)
    assert float(pattern(texture - 1 / 16, 4)) < 0.3 * float(pattern(dots - 1 / 16, 4))
    assert float(pattern(torch.zeros_like(dots), 4)) == 0
