"""Compile once what all processes of tests share: the editor's kernels and the engine's loops.

    python .ci/kernels.py FOLDER

Each process that found them missing would compile them for itself, for half a minute.
"""

import os
import sys
from pathlib import Path


def main(folder: Path) -> None:
    # Before anything imports numba, which reads it once. Workers look there too.
    os.environ["NUMBA_CACHE_DIR"] = str(folder / "plugins")
    from safelight.pixels.fused import fill

    fill(str(folder))
    run_engine()


def run_engine() -> None:
    """What the engine does is compiled when it is first done: on the smallest pictures."""
    import numpy as np
    from safelight_exemplar import fill
    from safelight_exemplar.painted_picture import paint

    random = np.random.default_rng(0)
    picture, other = random.random((2, 64, 64, 3), np.float32)
    hole = np.zeros((64, 64), bool)
    hole[24:40, 24:40] = True
    fill(picture, hole)
    painted = paint(picture, picture, [other])
    painted.drawn((64, 64))
    painted.drawn((512, 512), (0, 0, 64, 64))
    run_coder()


def run_coder() -> None:
    """What the codec's coder does, on a block without anything in it."""
    import numpy as np
    from safelight_codec import _tables
    from safelight_codec.container import STEPS
    from safelight_codec.entropy import decoded, encoded

    tables = _tables()
    told = (tables, tables.least_at(0, STEPS))
    data = encoded(np.zeros((1, 1, 192), np.int16), *told)
    decoded(data, 1, 1, *told)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
