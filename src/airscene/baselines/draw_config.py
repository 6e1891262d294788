"""What DRAW is made of. Free of JAX, so that the command line can read it at once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DRAWConfig:
    """What DRAW is made of (paper, appendix F).

    Args:
        image_shape: Channels, height and width of the images, in pixels.
        n_steps: Drawing steps.
        n_latents: Latents a step.
        n_hidden: Units of each of the two LSTMs.
        n_cells: Side of the window that is read and of the one that is written, in samples.
        sigma: Standard deviation of a pixel given the canvas.
    """

    image_shape: tuple[int, int, int] = (1, 50, 50)
    n_steps: int = 40
    n_latents: int = 4
    n_hidden: int = 400
    n_cells: int = 16
    sigma: float = 0.3
