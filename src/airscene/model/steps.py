"""The steps of deterministic inference: until a scene has ended, and from the best side."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from airscene.model.air import AIR, InferenceStep
from airscene.model.counts import count_log_posterior
from airscene.model.difference import DifferencePosterior
from airscene.model.likelihood import log_likelihood

# A scene has ended when the probability of a further object is below this: count probabilities
# are exact to within it, and what is left of it goes to the last count reached.
TAIL = 1e-3

# The difference network infers a scene from so many sides.
SIDES = 4


def take_steps(
    model: AIR, image: Float[Array, "channel height width"]
) -> tuple[Float[Array, " counts"], InferenceStep]:
    """Take steps until the scene has ended.

    Under `vmap` the loop ends when every scene of the batch has (paper, section 3.1: potential
    savings in computation during inference).

    Args:
        model: The model.
        image: Image, values in [0, 1].

    Returns:
        log q(n | x) for n = 0..N, and the steps at the means, stacked; zeros for those not run.
    """
    n_steps = model.config.n_steps
    start, step = model.begin(image)
    mean = jnp.zeros(model.n_noise)

    def unended(carry):
        i, log_reached, *_ = carry
        return (i < n_steps) & (log_reached > jnp.log(TAIL))

    def run(carry):
        i, log_reached, state, logits, steps = carry
        state, taken = step(state, mean)
        log_reached = log_reached + jax.nn.log_sigmoid(taken.proposal.logit)
        logits = logits.at[i].set(taken.proposal.logit)
        steps = jax.tree.map(lambda all_, one: all_.at[i].set(one), steps, taken)
        return i + 1, log_reached, state, logits, steps

    shapes = jax.eval_shape(step, start, mean)[1]
    none = jax.tree.map(lambda leaf: jnp.zeros((n_steps, *leaf.shape), leaf.dtype), shapes)
    never = jnp.full(n_steps, -jnp.inf)
    *_, logits, steps = jax.lax.while_loop(unended, run, (0, 0.0, start, never, none))
    return count_log_posterior(logits), steps


def best_steps(
    model: AIR, image: Float[Array, "channel height width"]
) -> tuple[AIR, Float[Array, " counts"], InferenceStep]:
    """Take steps from the side from which they explain the image best.

    Of `SIDES` sides, the one with the highest bound at the means, for its most probable count:

        max_side  log p(x | z_1..n) - sum_i KL_i + log p(n),   n = argmax q(n)

    Where objects touch, the order in which they are taken decides whether a window ends up on one
    of them or between two. As the side is a function of the image, what is inferred from it is a
    posterior like any other, and its bound is a bound. A deviation: the paper's network infers
    every image in one order (section 3.1). The recurrent network does so here too.

    Args:
        model: The model.
        image: Image, values in [0, 1].

    Returns:
        The model facing that side, and what `take_steps` returns for it.
    """
    if not isinstance(model.posterior, DifferencePosterior):
        return model, *take_steps(model, image)

    def from_side(angle):
        log_q, steps = take_steps(model.facing(angle), image)
        count = jnp.argmax(log_q)
        there = jnp.arange(len(log_q) - 1) < count
        canvas = jnp.tensordot(there.astype(image.dtype), steps.appearance.drawn, axes=1)
        # Of steps that were not run it is not a number.
        kl = jnp.where(there, model.kl(steps.proposal, steps.appearance), 0.0).sum()
        bound = log_likelihood(image, canvas, model.config.sigma) - kl + model.log_prior()[count]
        return bound, log_q, steps

    angles = jnp.arange(SIDES) * (2.0 * jnp.pi / SIDES)
    bounds, *all_steps = jax.vmap(from_side)(angles)
    best = jnp.argmax(bounds)
    return model.facing(angles[best]), *jax.tree.map(lambda leaf: leaf[best], all_steps)


def facing_best(model: AIR, image: Float[Array, "channel height width"]) -> AIR:
    """Return the model facing the side from which it explains an image best, see `best_steps`."""
    return best_steps(model, image)[0]
