"""Painting: pictures painted with pieces of paintings, whatever the threads and the tiles are."""

import numpy as np
import pytest
from safelight_exemplar import kernels
from safelight_exemplar.painted_picture import BORDER, SIDE, paint, working_size

SIZE = (96, 128)


def canvas(seed=1, long=9, wide=2, size=(120, 150)):
    """Dabs of four colours, longer across than down."""
    random = np.random.RandomState(seed)
    picture = np.full((*size, 3), (0.35, 0.3, 0.2), np.float32)
    y, x = np.mgrid[: size[0], : size[1]]
    colours = ((0.8, 0.6, 0.2), (0.2, 0.3, 0.6), (0.9, 0.9, 0.8), (0.15, 0.1, 0.1))
    for _ in range(700):
        down, across = random.randint(size[0]), random.randint(size[1])
        dab = np.abs(y - down) / wide + np.abs(x - across) / long < 1
        picture[dab] = np.float32(colours[random.randint(4)]) * random.uniform(0.8, 1)
    return picture


def flat(value=0.5, size=SIZE):
    return np.full((*size, 3), value, np.float32)


def ramp(size=SIZE):
    return np.repeat(
        np.linspace(0, 1, size[1], dtype=np.float32)[None, :, None], size[0], 0
    ).repeat(3, 2)


def runs(picture):
    """How much a picture runs across rather than down: 1, not at all, -1."""
    down, right = np.gradient(picture.mean(2))
    return ((down**2).sum() - (right**2).sum()) / ((down**2).sum() + (right**2).sum())


def test_the_same_is_painted_whatever_the_number_of_threads(monkeypatch):
    made = []
    for threads in (1, 3):
        monkeypatch.setattr(kernels, "THREADS", threads)
        made.append(paint(ramp(), ramp(), [canvas()]))
    assert np.array_equal(made[0].field, made[1].field)
    assert np.array_equal(made[0].drawn(SIZE), made[1].drawn(SIZE))


def test_another_seed_paints_another_picture():
    made = [paint(ramp(), ramp(), [canvas()], seed=seed).drawn(SIZE) for seed in (0, 1)]
    assert np.abs(made[0] - made[1]).mean() > 0.01


@pytest.mark.parametrize("size", [SIZE, (200, 267), (50, 66)])
def test_a_part_is_drawn_as_it_is_in_the_whole(size):
    made = paint(ramp(), ramp(), [canvas()])
    whole = made.drawn(size)
    for top, left in ((0, 0), (7, 13), (30, 41)):
        part = made.drawn(size, (top, left, top + 20, left + 25))
        assert np.array_equal(part, whole[top : top + 20, left : left + 25])


def uses(made):
    """How often pieces are taken from each square of 4 x 4 pixels, and the mean of all squares."""
    inner = made.field[BORDER:-BORDER, BORDER:-BORDER] // 4
    counts = np.bincount((inner[..., 0] * 10_000 + inner[..., 1]).ravel())
    return np.sort(counts), 16 * inner[..., 0].size / (len(made.copies) * SIZE[0] * SIZE[1])


def ground():
    """A few dabs at the left of an even ground with a little grain."""
    picture = canvas()
    grain = np.random.RandomState(3).normal(0, 0.01, (120, 110, 3))
    picture[:, 40:] = np.clip(np.array([0.5, 0.45, 0.35]) + grain, 0, 1)
    return picture


@pytest.mark.parametrize(
    ("painting", "picture"),
    [(canvas(), flat()), (canvas(7), flat(0.4)), (ground(), flat(0.2)), (canvas(), ramp())],
    ids=["dabs", "other dabs", "even ground", "every tone"],
)
def test_no_place_of_a_painting_is_used_over_and_over(painting, picture):
    made = paint(picture, picture, [painting], detail=0.0)
    counts, mean = uses(made)
    # Without the term one square gives hundreds of times the mean. Where pieces are chosen by a
    # count that half of all others change at once it is 15, 12, 45 and 50 times.
    assert counts[-1] < 32 * mean
    assert counts[-10:].sum() < 0.1 * counts.sum()


def test_a_flat_picture_is_painted_with_much_of_the_painting_and_with_whole_strokes():
    made = paint(flat(), flat(), [canvas()], detail=0.0)
    counts, mean = uses(made)
    assert np.count_nonzero(counts) * mean > 0.3 * counts.sum()
    goes_on = (np.diff(made.field, axis=1) == [0, 1]).all(-1)
    assert goes_on.mean() > 0.5


def test_the_guide_says_which_colours_go_where():
    painting = canvas()
    painting[:60] *= np.float32([1, 0.3, 0.3])
    painting[60:] *= np.float32([0.3, 0.3, 1])
    guide = flat()
    guide[:, :64], guide[:, 64:] = (0.4, 0.1, 0.1), (0.1, 0.1, 0.4)
    made = paint(flat(), guide, [painting]).drawn(SIZE).mean(0)
    assert (made[:56, 0] > made[:56, 2]).all()
    assert (made[72:, 2] > made[72:, 0]).all()


def test_strokes_run_along_the_edges_of_the_photograph():
    bars = np.float32(0.5) + np.float32(0.4) * np.sign(np.sin(np.arange(128) / 5)).astype(
        np.float32
    )
    upright = np.repeat(np.repeat(bars[None, :, None], 96, 0), 3, 2)
    lying = np.ascontiguousarray(upright.transpose(1, 0, 2))
    painting = canvas()
    assert runs(painting) > 0.5
    assert runs(paint(lying, lying, [painting]).drawn(lying.shape[:2])) > 0.4
    assert runs(paint(upright, upright, [painting]).drawn(SIZE)) < -0.4


def test_a_larger_scale_gives_larger_strokes():
    def rough(scale):
        made = paint(flat(), flat(), [canvas()], scale=scale, detail=0.0).drawn(SIZE)
        return np.abs(np.diff(made, axis=1)).mean() / made.std()

    assert rough(0.5) > 1.2 * rough(1.0) > 1.2 * rough(1.6)


def test_more_detail_is_nearer_to_the_fine_structure_of_the_photograph():
    fine = np.float32(0.2) + np.float32(0.6) * np.kron(
        np.random.RandomState(3).rand(24, 32) > 0.5, np.ones((4, 4))
    ).astype(np.float32)
    photograph = np.repeat(fine[..., None], 3, 2)

    def alike(detail):
        made = paint(photograph, photograph, [canvas()], detail=detail).drawn(SIZE).mean(2)
        return np.corrcoef(made.ravel(), fine.ravel())[0, 1]

    assert alike(1.0) > alike(0.0) + 0.03


def test_two_paintings_are_used_as_their_shares_say():
    red, blue = canvas() * np.float32([1, 0.3, 0.3]), canvas(2) * np.float32([0.3, 0.3, 1])
    guide = flat(0.2)
    made = [
        paint(guide, guide, [red, blue], shares=shares).drawn(SIZE).mean((0, 1))
        for shares in ([0.9, 0.1], [0.1, 0.9])
    ]
    assert made[0][0] - made[0][2] > made[1][0] - made[1][2] + 0.05


def test_painting_can_be_ended_between_rounds():
    told = []

    def progress(part):
        told.append(part)
        if part > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint(ramp(), ramp(), [canvas()], progress=progress)
    assert told == sorted(told)
    assert told[-1] < 1


@pytest.mark.parametrize("size", [(7, 7), (7, 300), (500, 9), (33, 47)])
def test_pictures_and_paintings_of_any_shape_are_taken(size):
    made = paint(flat(size=size), flat(size=size), [canvas(size=(24, 200))], scale=0.25)
    assert np.isfinite(made.drawn(size)).all()


def test_what_is_looked_at_is_bounded():
    painting = np.empty((4000, 6000, 3), np.float32)
    for scale in (0.25, 1.0, 2.0):
        height, width = working_size((4000, 6000), [painting], scale)
        assert height * width <= 301_000
        assert scale**2 * height * width <= 201_000
    assert min(working_size((1, 5000), [painting], 1.0)) >= SIDE
