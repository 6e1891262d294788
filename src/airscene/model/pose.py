"""Where an object is: the map from the standardised latent `z_where` to a pose."""

import math

import equinox as eqx
import jax.numpy as jnp

from airscene.model.shapes import Place, Scalar, Where


class Pose(eqx.Module):
    """The affine-exponential map from `z_where ~ N(0, I)` to scale and centre.

        scale  = object_size * exp(scale_spread * z_s)
        centre = position_spread * z_xy

    The paper puts its prior on the pose itself; a standardised latent and a fixed map are the
    same model in other coordinates, and every latent then has the same prior.

    Args:
        object_size: Side of a typical attention window, as a fraction of the image's short side.
        scale_spread: Standard deviation of the logarithm of the scale.
        position_spread: Standard deviation of the centre, in image half-widths.
    """

    object_size: float = eqx.field(static=True)
    scale_spread: float = eqx.field(static=True)
    position_spread: float = eqx.field(static=True)

    def __call__(self, z_where: Where) -> tuple[Scalar, Place]:
        """Map one latent to its pose.

        Returns:
            The scale (window side over the image's short side) and the centre `(x, y)`, with
            `[-1, 1]` from edge to edge of the image.
        """
        scale = self.object_size * jnp.exp(self.scale_spread * z_where[0])
        return scale, self.position_spread * z_where[1:]

    def inverse(
        self, window: tuple[float, float, float, float], image_size: tuple[int, int]
    ) -> tuple[float, float, float]:
        """Map a window (x0, y0, x1, y1), as wide as it is high, back to its latent.

        It is in pixels, as the height and width of the image are.
        """
        x0, y0, x1, y1 = window
        height, width = image_size
        scale = (x1 - x0) / min(height, width)
        x, y = (x0 + x1) / width - 1.0, (y0 + y1) / height - 1.0
        z_scale = math.log(scale / self.object_size) / self.scale_spread
        return z_scale, x / self.position_spread, y / self.position_spread
