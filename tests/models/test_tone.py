"""The estimate of fading: learnt with the formula that the plugin uses."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skimage")

from models.repair import train_tone  # noqa: E402
from tests.models.made_pictures import edges_picture  # noqa: E402

PICTURES = [edges_picture(n, 64, 48) for n in range(4)]


def test_what_is_learnt_with_is_what_the_plugin_does():
    rng = np.random.default_rng(0)
    told, pixels = rng.normal(0, 1, 10), rng.random((1, 50, 3), np.float32)
    ours = train_tone.restored(torch.from_numpy(pixels), torch.from_numpy(told[None]).float())
    limits, parts = train_tone.tone.LIMITS, np.tanh(told).astype(np.float32)
    tone = train_tone.tone.Tone(
        limits["black"] * parts[:3],
        1 + limits["white"] * parts[3:6],
        np.exp(limits["gamma"] * parts[6:9]),
        float(np.exp(limits["saturation"] * parts[9])),
    )
    expected = train_tone.tone.restored(pixels, tone)
    np.testing.assert_allclose(ours.numpy(), expected, atol=2e-3)  # near black it is bounded


def test_a_short_training_brings_its_own_pictures_nearer(monkeypatch):
    for name, value in {"VARIANTS": 30, "STEPS": 150, "BATCH": 64, "DROPOUT": 0.0}.items():
        monkeypatch.setattr(train_tone, name, value)
    weights = train_tone.train(PICTURES)
    rng = np.random.default_rng(5)
    pairs = []
    for picture in PICTURES:
        original = train_tone.fraction(picture)
        pairs.append((train_tone.fade(original, rng), original))
    given, *_ = train_tone.measured(pairs, lambda image: image)
    ours, *_ = train_tone.measured(pairs, train_tone.ours(weights))
    assert ours < 0.9 * given


def test_auto_levels_and_grey_world_do_what_they_are_known_for():
    picture = (0.2 + 0.4 * np.random.default_rng(0).random((50, 50, 3))).astype(np.float32)
    stretched = train_tone.auto_levels(picture)
    assert np.percentile(stretched, [1, 99]) == pytest.approx([0, 1], abs=0.03)
    greyed = train_tone.grey_world(picture * np.float32([1, 0.8, 0.6]))
    assert np.ptp(greyed.mean((0, 1))) < 1e-5
