"""Network cost: what the networks of a filter cost on a picture, what one of them holds, and which
pixels decide one of its result, by its gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.actions.inspection.tried_filter import NotInspected, TriedFilter
from safelight.actions.picture_settings import read_pixels
from safelight.actions.stop import Stopped
from safelight.document import FilterFailed
from safelight.workers.conversation import Failure, Unwanted
from safelight.workers.watched_networks import Watched, watched
from safelight.workers.worker_process import WorkerDied

Values = NDArray[np.float32]


def network_cost(
    tried: TriedFilter, network: str = "", tensor: str = ""
) -> tuple[tuple[Watched, ...], Values | None]:
    """What each network costs on ``tried.picture``; and what ``tensor`` of ``network`` holds of it:
    the root of the mean square over its channels, float32 (rows, columns), or None. Raises
    NotInspected, FilterFailed and Stopped.
    """
    found, values, _ = _watched(tried, network=network, tensor=tensor)
    return found, values


def network_gradient(tried: TriedFilter, point: tuple[int, int]) -> tuple[Values | None, str]:
    """How strongly each pixel of ``tried.picture`` decides that of the result above ``point`` (x,
    y), by the gradients of the filter's network: float32 (height, width). None, and a clause that
    says why, where no PyTorch twin of it is at hand. Raises FilterFailed and Stopped.
    """
    try:
        _, values, untold = _watched(tried, point=point)
    except NotInspected as reason:
        return None, str(reason).rstrip(".")
    height, width = tried.picture.shape[:2]
    if values is None or values.shape != (height, width):
        return None, untold or "its network told no gradient"
    return values, ""


def _watched(tried: TriedFilter, **asked: Any) -> tuple[tuple[Watched, ...], Values | None, str]:
    """What a worker tells of the filter's networks. Raises NotInspected, FilterFailed, Stopped."""
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
                read=read_pixels,
                unwanted=lambda: tried.stop.asked,
                **asked,
            )
    except Unwanted:
        raise Stopped from None
    except Failure as failure:
        if failure.kind == "model":
            raise NotInspected(f"{declaration.title} {failure}.") from None
        raise FilterFailed(f"{declaration.title} {failure}.") from None
    except WorkerDied as death:
        raise FilterFailed(f"{declaration.title} {death}.") from None
