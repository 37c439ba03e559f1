"""Panels: what lies in the column beside the canvas; ``PANELS`` lists them."""

from safelight.gui.panels.histogram_panel import Histogram
from safelight.gui.panels.history_panel import HistoryList
from safelight.gui.panels.info_panel import Info
from safelight.gui.panels.layers_panel import LayersPanel
from safelight.gui.panels.metadata_panel import FactsPanel
from safelight.gui.panels.navigator_panel import Navigator
from safelight.gui.panels.panel import Panel

PANELS: tuple[type[Panel], ...] = (
    Histogram,
    LayersPanel,
    HistoryList,
    Navigator,
    Info,
    FactsPanel,
)
"""Every panel beside the canvas but *Adjust*, which comes first, in the order of their tabs."""

__all__ = ["PANELS", "Histogram", "HistoryList", "LayersPanel", "Navigator", "Panel"]
