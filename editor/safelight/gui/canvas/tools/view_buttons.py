"""View buttons: what the bar has for the tools with which the picture is only looked at."""

from __future__ import annotations

from safelight.gui.canvas.tools.tool import Step, Tool


class Look(Tool):
    """A tool that changes nothing: it offers how large the picture is seen."""

    buttons = (
        Step("Fit", "", "fit", after="title"),
        Step("Fill", "", "fill", after="title"),
        Step("100 %", "", "full_size", after="title"),
        Step("200 %", "", "double_size", after="title"),
    )

    def fit(self) -> None:
        """Show the whole picture."""
        self.surface.fit()

    def fill(self) -> None:
        """Have the picture fill the window."""
        self.surface.fill()

    def full_size(self) -> None:
        """Show a pixel of the picture on a pixel of the screen."""
        self.surface.full_size()

    def double_size(self) -> None:
        """Show a pixel of the picture on two by two of the screen."""
        self.surface.zoom_to(2.0)
