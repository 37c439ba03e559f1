"""Document: one picture being edited. A frozen value; every change makes a new one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from safelight.api import Region
from safelight.document.layer import Layer
from safelight.pixels import SRGB, Profile, Raster


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a photograph's file says besides its pixels, kept as the bytes it was read as.

    ``exif`` is the TIFF structure (starting with ``II`` or ``MM``), without the JPEG marker's
    ``Exif`` prefix, and its orientation is already 1, because the pixels have been turned.
    ``xmp`` and ``iptc`` are the raw packets. ``dpi`` is (horizontal, vertical).
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """An ordered tuple of layers (bottom first), a size, a depth, a profile and metadata.

    All layers have the document's size and depth. ``profile`` is the colour space its pixels
    are in. ``name`` is for people (a file's name without its folder).
    """

    width: int
    height: int
    depth: str
    layers: tuple[Layer, ...]
    profile: Profile = SRGB
    metadata: Metadata = field(default_factory=Metadata)
    name: str = "Untitled"

    def __post_init__(self) -> None:
        for layer in self.layers:
            raster = layer.raster
            if (raster.width, raster.height) != (self.width, self.height):
                raise ValueError(
                    f"layer {layer.name} is {raster.width} x {raster.height},"
                    f" the document {self.width} x {self.height}"
                )
            if raster.depth != self.depth:
                raise ValueError(f"layer {layer.name} is {raster.depth}, not {self.depth}")

    @classmethod
    def from_raster(
        cls,
        raster: Raster,
        *,
        profile: Profile = SRGB,
        metadata: Metadata | None = None,
        name: str = "Untitled",
    ) -> Document:
        """A document with one layer that holds ``raster``."""
        return cls(
            width=raster.width,
            height=raster.height,
            depth=raster.depth,
            layers=(Layer("Background", raster),),
            profile=profile,
            metadata=metadata or Metadata(),
            name=name,
        )

    @property
    def region(self) -> Region:
        """The whole picture."""
        return Region(0, 0, self.width, self.height)

    @property
    def has_alpha(self) -> bool:
        """Whether any layer carries an alpha channel."""
        return any(layer.raster.channels == 4 for layer in self.layers)

    def layer(self, layer_id: str) -> Layer:
        """The layer with that id. Raises KeyError when the document has none."""
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise KeyError(layer_id)

    def with_layer(self, changed: Layer) -> Document:
        """The document with the layer of the same id replaced."""
        self.layer(changed.id)
        layers = tuple(changed if layer.id == changed.id else layer for layer in self.layers)
        return replace(self, layers=layers)
