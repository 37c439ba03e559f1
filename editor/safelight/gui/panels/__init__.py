"""Panels: what lies in the column beside the canvas; ``PANELS`` lists the tabs."""

from safelight.gui.panels.histogram import Histogram
from safelight.gui.panels.history import HistoryList
from safelight.gui.panels.info import Info
from safelight.gui.panels.layers import LayersPanel
from safelight.gui.panels.navigator import Navigator
from safelight.gui.panels.panel import Panel

PANELS: tuple[type[Panel], ...] = (
    Navigator,
    Histogram,
    Info,
    LayersPanel,
    HistoryList,
)
"""Every tab beside the canvas, in the order of the tabs of each stack."""

__all__ = ["PANELS", "Histogram", "HistoryList", "LayersPanel", "Navigator", "Panel"]
