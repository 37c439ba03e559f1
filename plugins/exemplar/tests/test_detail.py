"""Detail: octaves of real fields on a smooth one; nothing moves, nothing shows a seam."""

import sys

import numpy as np
import pytest
from safelight_exemplar import detail
from safelight_exemplar.pyramid import halved

DETAIL = sys.modules["safelight_exemplar.detail"]


def fractal(seed, rows=128, columns=128, slope=1.6):
    """Noise whose amplitudes fall with frequency, of spread 1; it goes on at the other border."""
    fy, fx = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None]
    weight = np.maximum(np.hypot(fy, fx), 1 / rows) ** -slope
    weight[0, 0] = 0
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal((rows, columns)))
    field = np.fft.irfft2(white * weight, (rows, columns))
    return (field / field.std()).astype(np.float32)


def halves(field):
    return halved(field[..., None])[..., 0]


def quartered(field):
    return halves(halves(field))


@pytest.fixture(scope="module")
def bank():
    return np.stack([fractal(seed) for seed in range(3)])


def octave(field):
    """The spread of a field's finest octave."""
    return (field - halves(field).repeat(2, 0).repeat(2, 1)).std()


def test_what_is_added_has_the_octaves_of_the_bank(bank):
    made = detail(quartered(fractal(9)), bank, 2, halvings=2)
    for _ in range(2):
        assert 0.8 < octave(made) / np.mean([octave(one) for one in bank]) < 1.2
        made, bank = halves(made), np.stack([halves(one) for one in bank])


def test_what_was_there_stays_where_it_was(bank):
    field = quartered(fractal(9))
    made = quartered(detail(field, bank, 2, halvings=2))
    assert np.corrcoef(field.ravel(), made.ravel())[0, 1] > 0.98


def test_even_places_take_the_detail_of_even_places():
    light = np.linspace(0, 4, 128, dtype=np.float32)[:, None] * np.ones(128, np.float32)
    rough = light + np.where(light > 2, fractal(3), 0)
    even, uneven = (
        octave(detail(np.full((32, 32), value, np.float32), rough[None], 2, halvings=2))
        for value in (0.8, 3.2)
    )
    assert even < 0.2 * uneven


def test_the_right_border_goes_on_at_the_left_one(bank):
    field = quartered(fractal(9))
    made = detail(field, bank, 2, halvings=2, wraps=True)
    inside = np.abs(np.diff(made, axis=1)).mean(0)
    assert np.abs(made[:, 0] - made[:, -1]).mean() < np.percentile(inside, 95)
    turned = detail(np.roll(field, 16, 1), bank, 2, halvings=2, wraps=True)
    assert np.abs(turned[:, 63] - turned[:, 64]).mean() < 2 * np.abs(np.diff(turned)).mean()


def test_it_goes_on_past_the_size_of_the_bank(bank):
    made = detail(quartered(fractal(9)), bank, 3, halvings=2)
    assert made.shape == (256, 256)
    enlarged = detail(quartered(fractal(9)), bank, 2, halvings=2).repeat(2, 0).repeat(2, 1)
    assert octave(enlarged) == 0
    assert octave(made) > 0.5 * octave(bank[0])


def test_the_number_of_threads_changes_nothing(bank, monkeypatch):
    field, found = quartered(fractal(9)), []
    for threads in (1, 2, 3):
        monkeypatch.setattr(DETAIL, "THREADS", threads)
        found.append(detail(field, bank, 2, halvings=2, seed=5))
    assert all(np.array_equal(found[0], one) for one in found)
    assert not np.array_equal(found[0], detail(field, bank, 2, halvings=2, seed=6))


def test_progress_ends_at_one_and_may_end_the_work(bank):
    told = []
    detail(quartered(fractal(9)), bank, 2, halvings=2, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detail(quartered(fractal(9)), bank, 2, halvings=2, progress=stop)


@pytest.mark.parametrize(
    ("field", "size", "halvings"), [((32, 33), 128, 2), ((32, 32), 126, 2), ((2, 2), 16, 3)]
)
def test_what_does_not_fit_is_refused_in_words(field, size, halvings):
    with pytest.raises(ValueError, match=r"columns|cannot be halved|too small"):
        detail(
            np.zeros(field, np.float32), np.zeros((1, size, size), np.float32), 1, halvings=halvings
        )
