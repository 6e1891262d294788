"""DRAW's bound, its fast gradient, and training with few drawing steps first."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32, PRNGKeyArray

from airscene.baselines.draw import DRAW, LAYERS
from airscene.model.shapes import Image, Scalar


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
