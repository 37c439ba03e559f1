"""Adjust: the sections of sliders in the sidebar, and the layers that their edits make."""
