"""Deterministic inference: when a scene ends, and the side that explains it best."""

import jax
import jax.numpy as jnp

from airscene.model.air import AIR
from airscene.model.counts import count_log_posterior
from airscene.model.shapes import Counts, Image, Scalar, Side
from airscene.model.unrolled import InferenceStep

# A scene has ended when the probability of a further object is below this: count probabilities
# are exact to within it, and what is left of it goes to the last count reached.
TAIL = 1e-3


def take_steps(model: AIR, image: Image, side: Side = 0.0) -> tuple[Counts, InferenceStep]:
    """Take steps until the scene has ended.

    Under `vmap` the loop ends when every scene of the batch has (paper, section 3.1: potential
    savings in computation during inference).

    Returns:
        log q(n | x) for n = 0..N, and the steps at the means, stacked; zeros for those not run.
    """
    n_steps = model.config.n_steps
    # In the precision of the weights, as what a loop carries must not change its type.
    image = jnp.asarray(image, float)
    start, mean = model.where.begin(image, side), jnp.zeros(model.n_noise)

    def unended(carry):
        i, log_reached, *_ = carry
        return (i < n_steps) & (log_reached > jnp.log(TAIL))

    def run(carry):
        i, log_reached, state, logits, steps = carry
        state, one = model.step(image, state, mean)
        log_reached = log_reached + jax.nn.log_sigmoid(one.proposal.logit)
        logits = logits.at[i].set(one.proposal.logit)
        steps = jax.tree.map(lambda all_, new: all_.at[i].set(new), steps, one)
        return i + 1, log_reached, state, logits, steps

    shapes = jax.eval_shape(model.step, image, start, mean)[1]
    none = jax.tree.map(lambda leaf: jnp.zeros((n_steps, *leaf.shape), leaf.dtype), shapes)
    never = jnp.full(n_steps, -jnp.inf)
    *_, logits, steps = jax.lax.while_loop(unended, run, (0, 0.0, start, never, none))
    return count_log_posterior(logits), steps


def best_steps(model: AIR, image: Image) -> tuple[Scalar, Counts, InferenceStep]:
    """Take steps from the side from which they explain the image best.

    The best of the sides of the where-proposal has the highest bound at the posterior means, for
    its most probable count:

        max_side  log p(x | z_1..n) - sum_i KL_i + log p(n),   n = argmax q(n)

    Where objects touch, the order in which they are taken decides whether a window ends up on one
    of them or between two. As the side is a function of the image, what is inferred from it is a
    posterior like any other, and its bound is a bound. A deviation: the paper's network infers
    every image in one order (section 3.1). The recurrent network does so here too.

    Returns:
        The side, in radians, and what `take_steps` returns for it.
    """
    n_sides = model.where.n_sides
    if n_sides == 1:
        return jnp.zeros(()), *take_steps(model, image)

    def from_side(side):
        log_q, steps = take_steps(model, image, side)
        count = jnp.argmax(log_q)
        there = jnp.arange(len(log_q) - 1) < count
        objects = model.appearances(image, steps, mean)
        canvas = model.compose(objects.drawn, objects.mask, there)
        # The KL of a step that was not run is NaN.
        kl = jnp.where(there, model.kl(steps.proposal, objects), 0.0).sum()
        bound = model.log_likelihood(image, canvas) - kl + model.log_prior()[count]
        return bound, log_q, steps

    mean = jnp.zeros((model.config.n_steps, model.config.n_what))
    sides = jnp.arange(n_sides) * (2.0 * jnp.pi / n_sides)
    bounds, *all_steps = jax.vmap(from_side)(sides)
    best = jnp.argmax(bounds)
    return sides[best], *jax.tree.map(lambda leaf: leaf[best], all_steps)


def best_side(model: AIR, image: Image) -> Scalar:
    """Return the side from which a model explains an image best, see `best_steps`."""
    return best_steps(model, image)[0]
