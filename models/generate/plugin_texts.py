"""What stands in the files of a plugin that makes surfaces of one's own; see models.generate.own.

The words that are filled in are those of every plugin that Safelight writes, and `$listed`, the
names of the textures, where there are several.
"""

from __future__ import annotations
