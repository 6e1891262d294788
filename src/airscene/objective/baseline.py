"""Neural baselines of the score-function estimator: what each step can expect to gain."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.config import AIRConfig
from airscene.model.unrolled import Unrolled

# Nats that an output of one stands for: about what explaining one object gains.
UNIT = 100.0

# The learning rate of the baselines, in those of the model (paper, appendix C: 1e-3 to 1e-4).
FASTER = 10.0

# The image and what is left of it are averaged over squares of this side: how much a step can
# gain does not depend on fine detail.
POOL = 5

# Units of the hidden layers.
N_HIDDEN = 64


class Baseline(eqx.Module):
    """A network a step that foretells its learning signal from the image and the latents so far.

        b_i(x, z_1..i-1) = log p(x | z_1..i-1) + UNIT f_i(x, (x - y_i-1)^2, z_1..i-1)

    y_i-1 is the canvas of the first i - 1 objects. The first term is known before step i, so f_i
    is left to say only what further objects will gain. It is analytic, and the paper speaks of no
    such term: it takes a pass through the decoder for each prefix, as y_i-1 does; the run has made
    them all. A baseline that depends on nothing drawn at step i or later leaves the expectation of
    the gradient as it is, whatever it says (Mnih & Gregor, Neural variational inference and
    learning in belief networks, 2014; paper, section 2.2, which leaves the networks open).

    Args:
        config: What the model is made of.
        key: Randomness of the initial weights.
    """

    networks: eqx.nn.MLP
    sigma: float = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        channels, *sides = config.image_shape
        rows, columns = (-(-side // POOL) for side in sides)
        n_in = 2 * channels * rows * columns + config.n_steps * (3 + config.n_what)
        self.networks = eqx.filter_vmap(
            lambda key: eqx.nn.MLP(n_in, "scalar", N_HIDDEN, 2, key=key)
        )(jax.random.split(key, config.n_steps))
        self.sigma = config.sigma

    def __call__(
        self, image: Float[Array, "channel height width"], run: Unrolled
    ) -> Float[Array, " steps"]:
        """Return the baseline of each step, in nats.

        Args:
            image: Image, values in [0, 1].
            run: The model's latents, canvases and likelihoods. No gradient reaches them.
        """
        run = jax.lax.stop_gradient(run)
        n_steps = len(run.z_where)
        left = jnp.square(image - run.canvases[:-1]) / self.sigma**2
        left = jax.vmap(_pooled)(left).reshape(n_steps, -1)
        latents = jnp.concatenate([run.z_where, run.z_what], axis=1)
        # Row i: the latents of the steps before i, and zeros.
        before = jnp.tri(n_steps, k=-1)[:, :, None] * latents
        seen = jnp.broadcast_to(_pooled(image / self.sigma).ravel(), left.shape)
        inputs = jnp.concatenate([seen, left, before.reshape(n_steps, -1)], axis=1)
        foretold = eqx.filter_vmap(lambda network, one: network(one))(self.networks, inputs)
        return run.log_likelihoods[:-1] + UNIT * foretold


class WithBaseline(eqx.Module):
    """A model and the baseline that is trained beside it, and thrown away after.

    Args:
        model: The model.
        baseline: Its baseline.
    """

    model: eqx.Module
    baseline: eqx.Module


def _pooled(image: Float[Array, "channel height width"]) -> Float[Array, "channel rows columns"]:
    """Average over squares."""
    height, width = image.shape[1:]
    padded = jnp.pad(image, ((0, 0), (0, -height % POOL), (0, -width % POOL)))
    rows, columns = (side // POOL for side in padded.shape[1:])
    return padded.reshape(-1, rows, POOL, columns, POOL).mean(axis=(2, 4))
