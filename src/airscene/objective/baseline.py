"""Neural baselines of the score-function estimator: what each step can expect to gain.

A baseline that depends on nothing drawn at step i or later leaves the expectation of the gradient
as it is, whatever it says (Mnih & Gregor, Neural variational inference and learning in belief
networks, 2014; paper, section 2.2, which leaves the networks open).
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.model.config import AIRConfig
from airscene.model.shapes import Image
from airscene.model.stored import StoredModule
from airscene.model.unrolled import Unrolled

# Nats that an output of one stands for: about what explaining one object gains.
UNIT = 100.0

# Learning rate of the baselines, relative to the model's (paper, appendix C: 1e-3 to 1e-4).
FASTER = 10.0

# The image and what is left of it are averaged over squares of this side: how much a step can
# gain does not depend on fine detail.
POOL = 5

# Units of the hidden layers.
N_HIDDEN = 64

Model = TypeVar("Model", bound=eqx.Module)
Stored = TypeVar("Stored", bound=StoredModule)
Aid = TypeVar("Aid", bound=eqx.Module)


class Baseline(eqx.Module):
    """One network per step: predicts its learning signal from the image and the latents so far.

        b_i(x, z_1..i-1) = log p(x | z_1..i-1) + UNIT f_i(x, (x - y_i-1)^2, z_1..i-1)

    y_i-1 is the canvas of the first i - 1 objects. The first term is known before step i, so f_i
    is left to say only what further objects will gain. It is analytic, and the paper speaks of no
    such term: it takes a pass through the decoder for each prefix, as y_i-1 does; the run has made
    them all. A purely neural baseline is UNIT f_i(x, z_1..i-1), as the paper's.
    """

    networks: eqx.nn.MLP
    sigma: float = eqx.field(static=True)
    purely_neural: bool = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray, purely_neural: bool = False):
        channels, *sides = config.image_shape
        rows, columns = (-(-side // POOL) for side in sides)
        n_images = 1 if purely_neural else 2
        n_in = n_images * channels * rows * columns + config.n_steps * (3 + config.n_what)
        self.networks = network_a_step(n_in, config.n_steps, key)
        self.sigma, self.purely_neural = config.sigma, purely_neural

    def __call__(self, image: Image, run: Unrolled) -> Float[Array, " steps"]:
        """Return the baseline of each step, in nats; no gradient reaches the model's run."""
        run = jax.lax.stop_gradient(run)
        seen = pooled(image / self.sigma, POOL, -2)
        latents = jnp.concatenate([run.z_where, run.z_what], axis=1)
        if self.purely_neural:
            return foretell(self.networks, seen, None, latents)
        left = pooled(jnp.square(image - run.canvases[:-1]) / self.sigma**2, POOL, -2)
        return run.log_likelihoods[:-1] + foretell(self.networks, seen, left, latents)


def network_a_step(n_in: int, n_steps: int, key: PRNGKeyArray) -> eqx.nn.MLP:
    """The networks of all steps, stacked."""
    one = eqx.filter_vmap(lambda key: eqx.nn.MLP(n_in, "scalar", N_HIDDEN, 2, key=key))
    return one(jax.random.split(key, n_steps))


def foretell(
    networks: eqx.nn.MLP,
    seen: Float[Array, "*image"],
    left: Float[Array, "steps *canvas"] | None,
    latents: Float[Array, "steps latents"],
    *others: Float[Array, " others"],
) -> Float[Array, " steps"]:
    """Predict, in nats, with the network of each step from what is known before it.

    Its inputs: the image and `others`, the same at every step; the error `left` before the step, if
    given; and the latents of earlier steps, with zeros for the rest.
    """
    n = len(latents)
    before = jnp.tri(n, k=-1)[:, :, None] * latents
    by_step = [x.reshape(n, -1) for x in (left, before) if x is not None]
    same = [jnp.broadcast_to(x.ravel(), (n, x.size)) for x in (seen, *others)]
    inputs = jnp.concatenate([same[0], *by_step, *same[1:]], axis=1)
    return UNIT * eqx.filter_vmap(lambda network, one: network(one))(networks, inputs)


def pooled(images: Float[Array, "..."], side: int, axis: int) -> Float[Array, "..."]:
    """Average images over squares of a side, with black beyond the edges.

    The rows are on a negative axis, and the columns on the next.
    """
    at = images.ndim + axis
    more = [(0, -n % side if i in (at, at + 1) else 0) for i, n in enumerate(images.shape)]
    padded = jnp.pad(images, more)
    shape = list(padded.shape)
    shape[at : at + 2] = [shape[at] // side, side, shape[at + 1] // side, side]
    return padded.reshape(shape).mean(axis=(at + 1, at + 3))


class WithBaseline(eqx.Module, Generic[Model, Aid]):
    """A model and the baseline that is trained beside it, and thrown away after."""

    model: Model
    baseline: Aid


def apart(trained: Model | WithBaseline[Model, Aid]) -> tuple[Model, Aid | None]:
    """Return a model, and its baseline if it has one."""
    if isinstance(trained, WithBaseline):
        return trained.model, trained.baseline
    return trained, None


def with_baseline(model: Stored, kind: Callable[..., Aid], seed: int) -> WithBaseline[Stored, Aid]:
    """Return a model with a new baseline of a kind.

    The seed decides its initial weights, which are of another key than the model's own.
    """
    key = jax.random.fold_in(jax.random.key(seed), 1)
    return WithBaseline(model, eqx.filter_jit(kind)(model.config, key=key))
