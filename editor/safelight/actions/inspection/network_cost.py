"""Network cost: what the networks of a filter cost on a picture, and what one of them holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safelight.actions.inspection.tried_filter import NotInspected, TriedFilter
from safelight.actions.picture_settings import read_pixels
from safelight.actions.stop import Stopped
from safelight.document import FilterFailed
from safelight.workers.conversation import Failure, Unwanted
from safelight.workers.watched_networks import Watched, watched
from safelight.workers.worker_process import WorkerDied


def network_cost(
    tried: TriedFilter, network: str = "", tensor: str = ""
) -> tuple[tuple[Watched, ...], NDArray[np.float32] | None]:
    """What each network costs on ``tried.picture``; and what ``tensor`` of ``network`` holds of it:
    the root of the mean square over its channels, float32 (rows, columns), or None. Raises
    NotInspected, FilterFailed and Stopped.
    """
    studio, declaration = tried.studio, tried.declaration
    tried.stop.check()
    try:
        with studio.worker_of(declaration, Failure) as worker:
            return watched(
                worker,
                declaration,
                declaration.settings(tried.settings),
                tried.picture,
                scale=tried.scale,
                prepared=tried.prepared,
                about=tried.document,
                device=studio.device_wanted,
                network=network,
                tensor=tensor,
                read=read_pixels,
                unwanted=lambda: tried.stop.asked,
            )
    except Unwanted:
        raise Stopped from None
    except Failure as failure:
        if failure.kind == "model":
            raise NotInspected(f"{declaration.title} {failure}.") from None
        raise FilterFailed(f"{declaration.title} {failure}.") from None
    except WorkerDied as death:
        raise FilterFailed(f"{declaration.title} {death}.") from None
