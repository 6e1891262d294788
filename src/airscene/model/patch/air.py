"""AIR on patches: one more object near a place, given what is left of a patch."""

import math
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model import attention
from airscene.model.background import FittedBackground
from airscene.model.composition import MASKED, Masked
from airscene.model.likelihood import Gaussian
from airscene.model.likelihood.robust import Robust
from airscene.model.patch import attend
from airscene.model.patch.attend import Point
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.ground import background_of
from airscene.model.pose import Pose
from airscene.model.shapes import Image, Mask, Scalar, Where, Window
from airscene.model.stored import StoredModule
from airscene.model.unrolled import kl_from_prior

# Side of a typical window, in typical objects: room for what is larger.
MARGIN = 1.25

# Size of a glimpse relative to a typical window; number of glimpses, each centred where the one
# before proposed; and the largest move between them, as a share of a window.
GLIMPSE_SIZE, N_GLIMPSES, REACH = 1.5, 3, 0.5

# Prior standard deviation of an object's place about the place that is proposed, in windows.
PLACE_SPREAD = 0.1

# An object is compact: its mask is a logistic of the decoder's output plus a bowl that is highest
# in the middle of the window, cut off by a soft disc.
HEIGHT, BOWL, RIM, SOFTNESS = 1.0, 4.0, 1.05, 12.0

# An object's colour is within this many contrasts of the ground.
STRONGEST = 2.0

# Where the tails of the robust likelihood begin, in contrasts.
KNEE = 0.3


class Candidate(NamedTuple):
    """One more object, as it is proposed.

    Args:
        drawn: Its colours less the ground, times the mask.
        mask: How much of each pixel it covers.
        kl: KL(q(z) || p(z)) of where and what, in nats.
        centre: Centre of its window (x, y), in pixels of the patch.
        side: Side of its window, in pixels.
        z_what: Its appearance code.
        z_scale: Its standardised scale, the mean.
    """

    drawn: Image
    mask: Mask
    kl: Scalar
    centre: Point
    side: Scalar
    z_what: Float[Array, " what"]
    z_scale: Scalar


class Start(NamedTuple):
    """Where an object is looked for.

    Args:
        place: Where the first glimpse is, (x, y) in pixels of the patch.
        like: How alike each pixel is to the colour there; 1 where objects have many colours.
    """

    place: Point
    like: Mask


class Put(NamedTuple):
    """A canvas with one more object.

    Args:
        canvas: The canvas.
        gain: What it gains in log-likelihood, in nats.
        is_under: 1 if the object lies below those that were there, else 0.
    """

    canvas: Image
    gain: Scalar
    is_under: Scalar


class PatchAIR(StoredModule):
    """The difference network on patches: it sees only what is near, so it knows no image size.

    It is trained on crops with a few objects and used on whole images with any number of them. A
    crop and a patch of a whole image differ only in who cuts them: `propose` is one pure function.

    Deviations from the paper (section 3.1 and appendix D). The network has no state and sees a
    part of the error; an object is accepted where it gains more than it costs, which is the exact
    posterior of one more object given the others, and not by a network's probability; no gradient
    flows through where a glimpse is taken. Objects have masks.
    """

    glimpses: tuple[eqx.nn.MLP, ...]
    encoder: eqx.nn.MLP
    decoder: eqx.nn.MLP
    background: FittedBackground
    config: PatchConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-patch-1"

    def __init__(self, config: PatchConfig, *, key: PRNGKeyArray):
        self.config = config
        keys = jax.random.split(key, N_GLIMPSES + 2)
        drawn = (config.channels + 1) * config.n_cells**2
        seen = drawn + (config.colours == "one") * config.n_cells**2
        layer, code = config.n_layer, config.n_what
        self.glimpses = tuple(
            _quiet(eqx.nn.MLP(seen, 6, config.n_hidden, 2, key=key)) for key in keys[2:]
        )
        self.encoder = eqx.nn.MLP(seen, 2 * code, layer, 1, key=keys[0])
        self.decoder = eqx.nn.MLP(code, drawn, layer, 1, key=keys[1])
        self.background = background_of(config)

    @property
    def window(self) -> float:
        """Side of a typical window, in pixels."""
        return MARGIN * self.config.pixels

    @property
    def composition(self) -> Masked:
        """How an object changes the canvas."""
        return MASKED[self.config.composition]()

    @property
    def likelihood(self) -> Gaussian | Robust:
        """How a pixel is distributed given the canvas."""
        return likelihood_of(self.config)

    @property
    def n_noise(self) -> int:
        """How many normal numbers one proposal takes."""
        return 3 + self.config.n_what

    def pose(self, size: tuple[int, int]) -> Pose:
        """Return the map from `z_where` to a window, on a patch of this size."""
        return Pose(self.window / min(size), self.config.scale_spread, 1.0)

    def start(self, error: Image, near: Point) -> Start:
        """Return where an object is looked for near a place, (x, y) in pixels of the patch."""
        there = attend.saliency(error, self.config.calibration.contrast, self.window)
        return self.start_at(there, error, near)

    def start_at(self, there: Mask, error: Image, near: Point) -> Start:
        """Return the local mean place of what is left, and of objects of one colour, of that.

        Args:
            there: How much there is to explain about each pixel.
            error: Image less canvas.
            near: Where to look, (x, y) in pixels of the patch.
        """
        c, like = self.config, jnp.ones_like(there)
        if c.colours == "one":
            like = attend.likeness(error, near, c.calibration.contrast, self.window)
        return Start(attend.mean_shift(there * like, near, self.window), like)

    def propose(
        self,
        error: Image,
        covered: Mask,
        start: Start,
        noise: Float[Array, " noise"],
        freedom: Scalar | float = 1.0,
    ) -> Candidate:
        """Propose one more object near a place.

        Args:
            error: Image less canvas: what is left to explain.
            covered: How much of each pixel is covered by objects so far.
            start: Where to look first.
            noise: Standard normal numbers; zeros give the posterior means.
            freedom: 0 keeps the window's side at the typical one, 1 leaves it free.
        """
        c, size = self.config, (error.shape[1], error.shape[2])
        pose, pixels = self.pose(size), jnp.array([size[1], size[0]], error.dtype)
        seen = [error / c.calibration.contrast, covered[None]]
        seen = jnp.concatenate([*seen, start.like[None]] if c.colours == "one" else seen)
        larger = math.log(GLIMPSE_SIZE) / c.scale_spread
        centre, outputs = start.place, jnp.zeros(6)
        for glimpse in self.glimpses:
            centre = jax.lax.stop_gradient(centre)
            at = jnp.concatenate([jnp.array([larger]), 2.0 * centre / pixels - 1.0])
            outputs = glimpse(attention.read(seen, at, pose, c.n_cells).ravel())
            centre = centre + REACH * self.window * jnp.tanh(outputs[:2] / 2.0)

        z_scale = freedom * c.scale_reach * jnp.tanh(outputs[2] / c.scale_reach)
        spread = 2.0 * jax.nn.sigmoid(outputs[3:5] - 1.0)
        scale_spread = jax.nn.sigmoid(outputs[5] - 1.0)
        centre = centre + PLACE_SPREAD * self.window * spread * noise[:2]
        z_s = z_scale + freedom * scale_spread * noise[2]
        z_s = jnp.clip(z_s, -c.scale_reach - 1.0, c.scale_reach + 1.0)
        # The prior's place is where the proposal is: only how sure it is costs something.
        kl = kl_from_prior(jnp.zeros(2), spread)
        kl = kl + kl_from_prior(z_scale[None], scale_spread[None])

        z_where = jnp.concatenate([z_s[None], 2.0 * centre / pixels - 1.0])
        view = attention.read(seen, z_where, pose, c.n_cells)
        mean, scale = jnp.split(self.encoder(view.ravel()), 2)
        scale = jax.nn.softplus(scale + 0.5)
        z_what = mean + scale * noise[3:]
        drawn, mask = self.draw(z_what, z_where, pose, size)
        side = self.window * jnp.exp(c.scale_spread * z_s)
        kl = kl + kl_from_prior(mean, scale)
        return Candidate(drawn, mask, kl, centre, side, z_what, z_scale)

    def draw(
        self, z_what: Float[Array, " what"], z_where: Where, pose: Pose, size: tuple[int, int]
    ) -> tuple[Image, Mask]:
        """Return what an object draws on a patch: its colours times its mask, and the mask."""
        colour, mask = self.appear(z_what)
        both = jnp.concatenate([mask * colour, mask])
        both = attention.write(both, z_where, pose, size)
        return both[:-1], both[-1]

    def appear(self, z_what: Float[Array, " what"]) -> tuple[Window, Float[Array, "1 cell cell"]]:
        """Return colours less the ground, and the mask, of an object in its window."""
        c = self.config
        raw = self.decoder(z_what).reshape(c.channels + 1, c.n_cells, c.n_cells)
        at = (jnp.arange(c.n_cells) + 0.5) / c.n_cells * 2.0 - 1.0
        radius = jnp.square(at)[:, None] + jnp.square(at)
        compact = jax.nn.sigmoid(c.sharpness * (raw[:1] + HEIGHT - BOWL * radius))
        mask = compact * jax.nn.sigmoid(SOFTNESS * (RIM - radius))
        colour = raw[1:]
        if c.colours == "one":
            colour = jnp.broadcast_to(colour.mean(axis=(1, 2), keepdims=True), colour.shape)
        return c.calibration.contrast * STRONGEST * jnp.tanh(colour / STRONGEST), mask

    def put(
        self, patch: Image, valid: Mask, canvas: Image, covered: Mask, drawn: Image, mask: Mask
    ) -> Put:
        """Put an object on the canvas where it explains a patch best: over or under what is there.

        Args:
            patch: Part of the image, less its ground.
            valid: 1 where the patch is in the image, 0 beyond.
            canvas: The canvas there.
            covered: How much of each pixel is covered.
            drawn: The object's colours less the ground, times its mask.
            mask: How much of each pixel it covers.
        """
        composition = self.composition
        over = composition.add(canvas, drawn, mask)
        gain = self.gain(patch, valid, canvas, over)
        under = composition.under(canvas, drawn, mask, covered)
        below = self.gain(patch, valid, canvas, under)
        is_under = below > gain
        return Put(
            jnp.where(is_under, under, over),
            jnp.maximum(gain, below),
            jax.lax.stop_gradient(is_under.astype(gain.dtype)),
        )

    def gain(self, patch: Image, valid: Mask, canvas: Image, new: Image) -> Scalar:
        """Return what a new canvas gains in log-likelihood on a patch, in nats.

        Args:
            patch: Part of the image, less its ground.
            valid: 1 where the patch is in the image, 0 beyond.
            canvas: The canvas there.
            new: The canvas with one more object.
        """
        deficit = self.likelihood.deficit
        return (valid * (deficit(patch - canvas) - deficit(patch - new))).sum()


def likelihood_of(config: PatchConfig) -> Gaussian | Robust:
    """Return the likelihood that a configuration says."""
    known = config.calibration
    if config.likelihood == "robust":
        return Robust(known.sigma, KNEE * known.contrast)
    return Gaussian(known.sigma)


def _quiet(layers: eqx.nn.MLP) -> eqx.nn.MLP:
    """Layers that at first hardly say anything: windows begin where attention is."""
    return eqx.tree_at(lambda m: m.layers[-1].weight, layers, 0.1 * layers.layers[-1].weight)
