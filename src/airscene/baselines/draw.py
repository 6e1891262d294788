"""DRAW: a scene drawn in many small steps (Gregor et al. 2015), its bound and how it is trained."""

from functools import partial
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from airscene.baselines.draw_config import DRAWConfig
from airscene.model import attention
from airscene.model.likelihood import log_likelihood
from airscene.model.lstm import gated, lstm_gates, without_bias
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

    @property
    def bound(self) -> Float[Array, "*scenes"]:
        """Log p(x | z) - sum_t KL_t, in nats."""
        return self.log_likelihood - self.kl.sum(axis=-1)


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
        self.encoder = lstm_gates(2 * n_patch + n_hidden, n_hidden, keys[0])
        self.decoder = lstm_gates(config.n_latents, n_hidden, keys[1])
        self.look = without_bias(n_hidden, 3, keys[2])
        self.posterior = without_bias(n_hidden, 2 * config.n_latents, keys[3])
        self.place = without_bias(n_hidden, 3, keys[4])
        self.paint = without_bias(n_hidden, n_patch, keys[5])
        self.blank = jnp.full(config.image_shape, DARK)

    def unroll(self, image: Image, noise: Float[Array, "steps latents"]) -> Drawn:
        """Infer the latents of every step and draw them; zeros as noise give the means."""
        drawn, _ = self._unroll(image[None], noise[None])
        return jax.tree.map(lambda x: x[0], drawn)

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

    def _taps(self, n_steps: int, n_scenes: int):
        """Zeros, for `_layer`, of all layers, steps and scenes."""
        layers = {name: getattr(self, name) for name in LAYERS}
        return {k: jnp.zeros((n_steps, n_scenes, v.out_features)) for k, v in layers.items()}

    def _unroll(self, images, noise, taps=None):
        """Unroll a batch; also return what the layers took in, by step, scene and unit.

        Vectors have the scenes last. On a CPU `W x`, with 32 scenes as columns of x, takes two
        thirds of the time of `x W^T`, and the gradient of x with W^T as a matrix of its own half of
        the time that it takes with W.
        """
        c, (n_scenes, n_steps) = self.config, noise.shape[:2]
        size, patch_shape = c.image_shape[1:], (-1, c.image_shape[0], c.n_cells, c.n_cells)
        turned = {k: jax.lax.optimization_barrier(getattr(self, k).weight.T) for k in LAYERS}

        @partial(jax.vmap, in_axes=(0, 0, -1), out_axes=-1)
        def look(image, canvas, window):
            rows, columns = attention.reading(window, WINDOW, size, c.n_cells)
            picture = jax.nn.sigmoid(canvas)
            seen, drawn = ((rows @ x @ columns.T).ravel() for x in (image, picture))
            # The error's window: reading is linear, and so the error is not kept at every step.
            return jnp.concatenate([seen, seen - drawn])

        @partial(jax.vmap, in_axes=(0, -1))
        def write(patch, window):
            return attention.write(patch, window, WINDOW, size)

        def step(state, now):
            (h_enc, c_enc), (h_dec, c_dec), canvas = state
            noise, taps = now
            taken = {}

            def layer(name, *inputs):
                linear, x = getattr(self, name), jnp.concatenate(inputs)
                taken[name] = x.T
                return _layer(linear.weight, turned[name], x, taps[name]) + linear.bias[:, None]

            seen = look(images, canvas, layer("look", h_dec))
            h_enc, c_enc = gated(layer("encoder", seen, h_dec, h_enc), c_enc)
            mean, log_scale = jnp.split(layer("posterior", h_enc), 2)
            scale = jnp.exp(log_scale)
            h_dec, c_dec = gated(layer("decoder", mean + scale * noise, h_dec), c_dec)
            window = layer("place", h_dec)
            canvas = canvas + write(layer("paint", h_dec).T.reshape(patch_shape), window)
            terms = kl_from_prior(mean.T, scale.T), canvas, mean.T, window.T
            return ((h_enc, c_enc), (h_dec, c_dec), canvas), (terms, taken)

        nothing = jnp.zeros((c.n_hidden, n_scenes))
        canvas = jnp.broadcast_to(self.blank, images.shape)
        start = (nothing, nothing), (nothing, nothing), canvas
        taps = self._taps(n_steps, n_scenes) if taps is None else taps
        over = noise.transpose(1, 2, 0), taps
        (*_, last), (terms, taken) = jax.lax.scan(step, start, over)
        kl, canvases, means, windows = (x.swapaxes(0, 1) for x in terms)
        likelihood = jax.vmap(log_likelihood, (0, 0, None))(images, jax.nn.sigmoid(last), c.sigma)
        return Drawn(likelihood, kl, jax.nn.sigmoid(canvases), means, windows), taken


@jax.custom_vjp
def _layer(weight, turned, x, tap):
    """`W x`, of vectors that are columns, with W^T beside W.

    The tap is not used. Its gradient is that of what the layer puts out, a row a scene.
    """
    return weight @ x


def _layer_forward(weight, turned, x, tap):
    return weight @ x, (turned, x)


def _layer_backward(saved, above):
    turned, x = saved
    return above @ x.T, jnp.zeros_like(turned), turned @ above, above.T


_layer.defvjp(_layer_forward, _layer_backward)


def bound(model: DRAW, image: Image, noise: Float[Array, "steps latents"]) -> Scalar:
    """One-sample estimate of the evidence lower bound, `log p(x | z) - sum_t KL_t`, in nats.

    Its negative is the free energy that the paper reports (Table 1). The noise is standard normal.
    """
    return model.unroll(image, noise).bound


def mean_bound(
    model: DRAW,
    images: Float[Array, "b channel height width"],
    noise: Float[Array, "b steps latents"],
) -> Scalar:
    """Mean of `bound` over a batch, in nats, with the gradient of each layer as one product.

    Each layer is used at every step, y_t = W x_t + b. The gradient that JAX derives adds up 40
    matrices as large as W; here all dL/dy_t are kept, and

        dL/dW = sum_t (dL/dy_t) x_t^T

    is one product over steps and scenes.
    """
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)

    @jax.custom_vjp
    def mean(arrays, images, noise):
        return eqx.combine(arrays, rest)._unroll(images, noise)[0].bound.mean()

    def forward(arrays, images, noise):
        def tapped(blank, taps):
            one = eqx.tree_at(lambda m: m.blank, eqx.combine(arrays, rest), blank)
            drawn, taken = one._unroll(images, noise, taps)
            return drawn.bound.mean(), taken

        taps = model._taps(noise.shape[1], len(images))
        value, back, taken = jax.vjp(tapped, arrays.blank, taps, has_aux=True)
        blank, given = back(jnp.ones_like(value))
        gradient = eqx.tree_at(lambda m: m.blank, arrays, blank)
        for name in LAYERS:
            weight = jnp.einsum("tbo,tbi->oi", given[name], taken[name])
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
    return model._unroll(images, noise)[0].bound
