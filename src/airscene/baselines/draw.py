"""DRAW: a scene drawn in many small steps (Gregor et al. 2015), its bound and how it is trained."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from airscene.baselines.draw_config import DRAWConfig
from airscene.model import attention
from airscene.model.likelihood import log_likelihood
from airscene.model.pose import Pose
from airscene.model.shapes import Image, Scalar
from airscene.model.stored import StoredModule
from airscene.model.unrolled import kl_from_prior

# Windows are free, as DRAW has no prior over them. They start in the middle, half as wide as the
# image, and what a layer puts out moves them little: from the whole image, and with steps as large
# as the other layers', they grow until they cover it, so that sixteen samples show no stroke.
WINDOW = Pose(object_size=0.5, scale_spread=0.3, position_spread=0.5)

# The logit of a pixel that nothing is written to; learned, from this on. Images are mostly black.
DARK = -3.0

# The layers, all of them linear and used at every step.
LAYERS = ("encoder", "decoder", "look", "posterior", "place", "paint")


class Drawn(NamedTuple):
    """One posterior sample of all steps.

    Args:
        log_likelihood: log p(x | z), in nats.
        kl: KL(q(z_t | x, z_1..t-1) || p(z_t)) of each step, in nats.
        canvases: The picture after each step, values in [0, 1].
        means: Means of q(z_t).
        windows: Where each step writes, scale, x and y, as the layer puts them out: `WINDOW` maps
            them to the image.
    """

    log_likelihood: Scalar
    kl: Float[Array, " steps"]
    canvases: Float[Array, "steps channel height width"]
    means: Float[Array, "steps latents"]
    windows: Float[Array, "steps 3"]


class DRAW(StoredModule):
    """The Deep Recurrent Attentive Writer, for one scene; `vmap` for a batch.

    With r and w the reading and the writing window, both functions of the decoder's output:

        x'_t     = x - sigmoid(c_{t-1})
        h_enc_t  = LSTM([read(x), read(x'_t), h_dec_{t-1}], h_enc_{t-1})
        z_t      ~ N(mu(h_enc_t), sigma(h_enc_t)^2),   p(z_t) = N(0, I)
        h_dec_t  = LSTM(z_t, h_dec_{t-1})
        c_t      = c_{t-1} + write(patch(h_dec_t)),    p(x | z) = N(sigmoid(c_T), 0.3^2)

    (Gregor et al. 2015, equations 1-8, with the spatial transformer that the AIR paper names in
    place of the grid of Gaussian filters.)
    """

    encoder: eqx.nn.Linear
    decoder: eqx.nn.Linear
    look: eqx.nn.Linear
    posterior: eqx.nn.Linear
    place: eqx.nn.Linear
    paint: eqx.nn.Linear
    blank: Image
    config: DRAWConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-draw-1"

    def __init__(self, config: DRAWConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 6)
        n_hidden, n_patch = config.n_hidden, config.image_shape[0] * config.n_cells**2
        self.config = config
        self.encoder = _lstm(2 * n_patch + n_hidden, n_hidden, keys[0])
        self.decoder = _lstm(config.n_latents, n_hidden, keys[1])
        self.look = _linear(n_hidden, 3, keys[2])
        self.posterior = _linear(n_hidden, 2 * config.n_latents, keys[3])
        self.place = _linear(n_hidden, 3, keys[4])
        self.paint = _linear(n_hidden, n_patch, keys[5])
        self.blank = jnp.full(config.image_shape, DARK)

    def unroll(self, image: Image, noise: Float[Array, "steps latents"]) -> Drawn:
        """Infer the latents of every step and draw them; zeros as noise give the means."""
        nudges = {name: jnp.zeros((len(noise), 1)) for name in LAYERS}
        return self._unroll(image, noise, nudges)[0]

    def reconstruct(self, image: Image) -> Float[Array, "steps channel height width"]:
        """Return the picture after each step, drawn from the posterior means."""
        return self._at_means(image).canvases

    def embed(self, image: Image) -> Float[Array, " code"]:
        """Return what DRAW infers of an image, for other tasks, 7 numbers a step.

        The posterior means of all steps, and where each step writes, scale, x and y, as the layer
        puts them out: what is drawn and where, as AIR's latents are.
        """
        drawn = self._at_means(image)
        return jnp.concatenate([drawn.means.ravel(), drawn.windows.ravel()])

    def _at_means(self, image: Image) -> Drawn:
        return self.unroll(image, jnp.zeros((self.config.n_steps, self.config.n_latents)))

    def _unroll(self, image, noise, nudges):
        """Unroll, with `nudges` added to what the layers put out; also return what they took in."""
        c = self.config
        patch_shape = (c.image_shape[0], c.n_cells, c.n_cells)

        def step(carry, now):
            (h_enc, c_enc), (h_dec, c_dec), canvas = carry
            noise, nudge = now
            taken = {}

            def layer(name, *inputs):
                taken[name] = jnp.concatenate(inputs)
                return getattr(self, name)(taken[name]) + nudge[name]

            window = layer("look", h_dec)
            seen, drawn = (
                attention.read(picture, window, WINDOW, c.n_cells).ravel()
                for picture in (image, jax.nn.sigmoid(canvas))
            )
            # The error's window: reading is linear, and so the error is not kept at every step.
            gates = layer("encoder", seen, seen - drawn, h_dec, h_enc)
            h_enc, c_enc = _gated(gates, c_enc)
            mean, log_scale = jnp.split(layer("posterior", h_enc), 2)
            scale = jnp.exp(log_scale)
            gates = layer("decoder", mean + scale * noise, h_dec)
            h_dec, c_dec = _gated(gates, c_dec)
            patch = layer("paint", h_dec).reshape(patch_shape)
            window = layer("place", h_dec)
            canvas = canvas + attention.write(patch, window, WINDOW, c.image_shape[1:])
            kl = kl_from_prior(mean, scale)
            return ((h_enc, c_enc), (h_dec, c_dec), canvas), ((kl, canvas, mean, window), taken)

        nothing = jnp.zeros(c.n_hidden)
        start = (nothing, nothing), (nothing, nothing), self.blank
        (*_, last), (terms, taken) = jax.lax.scan(step, start, (noise, nudges))
        kl, canvases, means, windows = terms
        likelihood = log_likelihood(image, jax.nn.sigmoid(last), c.sigma)
        return Drawn(likelihood, kl, jax.nn.sigmoid(canvases), means, windows), taken


def _lstm(n_in: int, n_hidden: int, key: PRNGKeyArray) -> eqx.nn.Linear:
    """The four gates of an LSTM as one layer, of its input and its previous output."""
    # The forget gate starts open, or 40 steps would wash out the first.
    return _linear(n_in + n_hidden, 4 * n_hidden, key, n_open=n_hidden)


def _gated(gates, cell):
    """The output and the memory of an LSTM, given its gates."""
    forget, keep_in, out, new = jnp.split(gates, 4)
    cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(keep_in) * jnp.tanh(new)
    return jax.nn.sigmoid(out) * jnp.tanh(cell), cell


def _linear(n_in: int, n_out: int, key: PRNGKeyArray, n_open: int = 0) -> eqx.nn.Linear:
    layer = eqx.nn.Linear(n_in, n_out, key=key)
    return eqx.tree_at(lambda m: m.bias, layer, jnp.zeros(n_out).at[:n_open].set(1.0))


def bound(model: DRAW, image: Image, noise: Float[Array, "steps latents"]) -> Scalar:
    """One-sample estimate of the evidence lower bound, `log p(x | z) - sum_t KL_t`, in nats.

    Its negative is the free energy that the paper reports (Table 1). The noise is standard normal.
    """
    drawn = model.unroll(image, noise)
    return drawn.log_likelihood - drawn.kl.sum()


def mean_bound(
    model: DRAW,
    images: Float[Array, "b channel height width"],
    noise: Float[Array, "b steps latents"],
) -> Scalar:
    """Mean of `bound` over a batch, in nats, with a gradient that takes half the time.

    Each layer is used at every step, y_t = W x_t + b. The gradient that JAX derives adds up 40
    matrices as large as W; here all dL/dy_t are kept, and

        dL/dW = sum_t (dL/dy_t) x_t^T

    is one product over steps and scenes.
    """
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)

    @jax.custom_vjp
    def mean(arrays, images, noise):
        one = eqx.combine(arrays, rest)
        return jax.vmap(bound, in_axes=(None, 0, 0))(one, images, noise).mean()

    def forward(arrays, images, noise):
        def nudged(blank, nudges):
            one = eqx.tree_at(lambda m: m.blank, eqx.combine(arrays, rest), blank)
            drawn, taken = jax.vmap(one._unroll)(images, noise, nudges)
            return (drawn.log_likelihood - drawn.kl.sum(axis=1)).mean(), taken

        zeros = {
            name: jnp.zeros((*noise.shape[:2], getattr(model, name).out_features))
            for name in LAYERS
        }
        value, back, taken = jax.vjp(nudged, arrays.blank, zeros, has_aux=True)
        blank, given = back(jnp.ones_like(value))
        gradient = eqx.tree_at(lambda m: m.blank, arrays, blank)
        for name in LAYERS:
            weight = jnp.einsum("bto,bti->oi", given[name], taken[name])
            layer = eqx.tree_at(
                lambda m: (m.weight, m.bias),
                getattr(arrays, name),
                (weight, given[name].sum(axis=(0, 1))),
            )
            gradient = eqx.tree_at(lambda m, name=name: getattr(m, name), gradient, layer)
        return value, gradient

    def backward(gradient, above):
        return jax.tree.map(lambda x: above * x, gradient), None, None

    mean.defvjp(forward, backward)
    return mean(arrays, images, noise)


def grown_bound(
    model: DRAW,
    images: Float[Array, "b channel height width"],
    noise: Float[Array, "b steps latents"],
    step: Int32[Array, ""],
    growth: tuple[tuple[int, int], ...],
) -> Scalar:
    """`mean_bound` of a DRAW whose number of drawing steps grows as it is trained.

    All steps share their weights, so what a few steps learn of reading and writing serves all 40,
    and an update of 10 steps takes a quarter of the time. The last part of a run is ascent on the
    bound of all steps. `growth` says from which update on, the first from 0, how many steps there
    are, and `step` how many updates were made.
    """
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)
    stages = [
        lambda arrays, n=n: mean_bound(eqx.combine(arrays, rest), images, noise[:, :n])
        for _, n in growth
    ]
    stage = sum(jnp.where(step >= start, 1, 0) for start, _ in growth[1:])
    return jax.lax.switch(stage, stages, arrays)


@eqx.filter_jit
def bounds(
    model: DRAW, images: Float[Array, "b channel height width"], key: PRNGKeyArray
) -> Float[Array, " b"]:
    """Estimate the bound of each of many images, in nats, one posterior sample an image."""
    c = model.config
    noise = jax.random.normal(key, (len(images), c.n_steps, c.n_latents))
    return jax.vmap(bound, in_axes=(None, 0, 0))(model, images, noise)
