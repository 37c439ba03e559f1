"""Gain map: whether a file says that a second picture makes it brighter on some screens.

Safelight opens the picture alone; ``metadata.xmp_for_pixels`` takes the claim out again.
"""

from __future__ import annotations

import re

LEFT_OUT = "The file has a gain map for bright screens; the picture opens without it."

_STATED = re.compile(rb"""xmlns:([\w.-]+)\s*=\s*["']http://ns\.adobe\.com/hdr-gain-map/1\.0/["']""")


def claims_gain_map(packet: bytes) -> bool:
    """Whether a packet says that there is one (Ultra HDR 1.0)."""
    return any(prefix + b":Version" in packet for prefix in _STATED.findall(packet))
