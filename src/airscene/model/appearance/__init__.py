"""What an object looks like. A new kind is a file here, and a line in `APPEARANCES`."""

from typing import Any, Protocol

from jaxtyping import Array, Float

from airscene.model.appearance.draw import DrawDecoder, DrawEncoder
from airscene.model.appearance.mlp import Decoder, Encoder
from airscene.model.appearance.window import Appearance, seen_channels
from airscene.model.shapes import Window

Code = Float[Array, " what"]


class WindowDecoder(Protocol):
    """A code to a window. It is made of a configuration and a key."""

    def __call__(self, z_what: Code) -> Window:
        """Return the window that a code draws."""
        ...


class WindowEncoder(Protocol):
    """A window to a Gaussian over codes. It is made of a configuration and a key."""

    def infer(self, window: Window, noise: Code, decoder: Any) -> tuple[Code, Code, Code]:
        """Infer a code.

        The prior of each number of the code is N(0, 1). A number's mean and deviation may depend on
        the window and on the numbers before it, so the KL of the Gaussians, summed, is that of the
        posterior given the path of the sample: its mean over the noise is exact.

        Args:
            window: What is seen.
            noise: Standard normal numbers; zeros give the means.
            decoder: The decoder of the same kind.

        Returns:
            Mean and standard deviation of each number, and the code.
        """
        ...


APPEARANCES: dict[str, tuple[type[WindowEncoder], type[WindowDecoder]]] = {
    "mlp": (Encoder, Decoder),
    "draw": (DrawEncoder, DrawDecoder),
}

__all__ = ["APPEARANCES", "Appearance", "WindowDecoder", "WindowEncoder", "seen_channels"]
