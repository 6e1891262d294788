"""What a renderer is, and the check of what it returns."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from airscene.errors import InputError
from airscene.graphics.scenes import SceneBatch


class RendererError(InputError):
    """A renderer that raised, hung, died or returned something else than its images."""


@runtime_checkable
class Renderer(Protocol):
    """Draws scenes: the generative model that cannot be differentiated.

    One process makes it and uses it, so it may own a graphics context.
    """

    image_size: tuple[int, int]
    """Height and width of its images, in pixels."""

    def render(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Draw each scene, row 0 at the top, 0 black to 255 white."""
        ...

    def close(self) -> None:
        """Give back what it holds; nothing is drawn after that."""
        ...


@dataclass(frozen=True)
class FunctionRenderer:
    """A function from scenes to images, as a renderer.

    Args:
        function: takes a `SceneBatch`, returns uint8 images [n, height, width, 3].
        image_size: their height and width.
    """

    function: Callable[[SceneBatch], np.ndarray]
    image_size: tuple[int, int]

    def render(self, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
        """Call the function."""
        return self.function(scenes)

    def close(self) -> None:
        """There is nothing to give back."""


def name_of(renderer: Renderer | Callable) -> str:
    """What messages call a renderer, or what makes it: the name of its class or function."""
    if isinstance(renderer, FunctionRenderer):
        renderer = renderer.function
    while isinstance(renderer, functools.partial):
        renderer = renderer.args[0] if renderer.func is FunctionRenderer else renderer.func
    return getattr(renderer, "__name__", type(renderer).__name__)


def render_checked(renderer: Renderer, scenes: SceneBatch) -> UInt8[np.ndarray, "n height width 3"]:
    """Draw scenes, and see that images came back.

    Raises:
        RendererError: if the renderer raises, or returns anything but uint8 images of its size.
    """
    name, wanted = name_of(renderer), (len(scenes), *renderer.image_size, 3)
    try:
        images = renderer.render(scenes)
    except InputError as error:
        raise RendererError(f"{name}: {error}") from error
    except Exception as error:
        raise RendererError(f"{name} raised {type(error).__name__}: {error}") from error
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = f"{images.dtype} array" if isinstance(images, np.ndarray) else type(images).__name__
        if isinstance(images, np.ndarray) and images.dtype.kind == "f":
            kind += " with NaN" * bool(np.isnan(images).any())
        raise RendererError(f"{name} returned a {kind}; images should be uint8, 0 to 255")
    if images.shape != wanted:
        raise RendererError(
            f"{name} returned images of the shape {images.shape}; they should be {wanted}"
        )
    return images
