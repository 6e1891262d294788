"""Estimators of the bound's gradient in the discrete latents, from numbers a renderer gave.

For one scene, with alternatives a_i (0 absent, or 1 + type) and poses z_i of slots i = 1..N, the
bound is the mean over q of

    l = log p(x | a, z) + sum_i [log p(a_i) - log q(a_i) - 1(a_i present) KL_i] - KL_camera

Each function returns a number to differentiate; the scores of scenes in it have no gradient. What
was drawn is given as `Drawn.alternatives`, the prior as `airscene.inverse.latents.log_prior`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from airscene.inverse.model import Replay
from airscene.inverse.shapes import Alternatives, Camera, Kinds, Poses, Slots, Table, Total


class Scores(NamedTuple):
    """What the renderer says of one scene's latents, in nats.

    Args:
        total: log p(x | a, z) of all that was drawn.
        table: log p(x | a_1..i-1, a, absent..) of every alternative a of each slot i, the earlier
            slots as drawn and the later ones absent.
        poses: Gradients by each slot's z_where.
        weights: The probability that each of `poses` stands for: 1 where the slot is drawn as
            present, or q(present) where its gradient is of the scene with the object in it.
        camera: Gradient by z_camera.
    """

    total: Total
    table: Table
    poses: Poses
    weights: Slots
    camera: Camera


def of_drawn(rows: Table, drawn: Kinds) -> Slots:
    """The number of the alternative that was drawn, in each row."""
    return jnp.take_along_axis(rows, drawn[:, None], axis=1)[:, 0]


def terms(replay: Replay, drawn: Kinds, log_prior: Alternatives) -> Slots:
    """What each slot adds to l beside the likelihood: log p(a_i) - log q(a_i) - 1(present) KL_i."""
    return of_drawn(log_prior - replay.log_q, drawn) - (drawn > 0) * replay.kl


def enumerated(replay: Replay, table: Table, log_prior: Alternatives) -> Slots:
    """The bound of each prefix: slot i enumerated, earlier slots as drawn, later ones absent.

        sum_a q(a) [table_i(a) + log p(a) - log q(a) - 1(a present) KL_i]

    For one slot it is the bound, its expectation over the discrete latents exact. KL_i has no
    gradient here; `path_wise` gives it.
    """
    kl = jax.lax.stop_gradient(replay.kl)[:, None]
    there = jnp.arange(table.shape[1]) > 0
    gains = table + log_prior - replay.log_q - there * kl
    return jnp.sum(jnp.exp(replay.log_q) * gains, axis=1)


def local_cross_entropy(replay: Replay, table: Table, log_prior: Alternatives) -> Slots:
    """Cross-entropy, negative, from each step's posterior to that of its alternatives.

        sum_a p_i(a) log q(a),   p_i(a) proportional to exp(table_i(a) + log p(a) - 1(..) KL_i)

    Not ascent on the bound: it is the other KL. Its gradient p_i - q does not vanish where q is
    near 0 or 1, so that a presence which fell to zero comes back.
    """
    there = jnp.arange(table.shape[1]) > 0
    gains = table + log_prior - there * replay.kl[:, None]
    p = jax.lax.stop_gradient(jax.nn.softmax(gains, axis=1))
    return jnp.sum(p * replay.log_q, axis=1)


def score_function(replay: Replay, drawn: Kinds, signal: Slots, baseline: Slots) -> Total:
    """The likelihood ratio estimator: sum_i (signal_i - b_i) log q(a_i), signal and b_i constants.

    Source: Eslami et al. 2016, section 2.2 and appendix A.
    """
    gain = jax.lax.stop_gradient(signal - baseline)
    return jnp.sum(gain * of_drawn(replay.log_q, drawn))


def signals(replay: Replay, drawn: Kinds, total: Total, log_prior: Alternatives) -> Slots:
    """What a_i may have changed: l without the terms of earlier slots."""
    return total + jax.lax.cumsum(terms(replay, drawn, log_prior), reverse=True)


def following(replay: Replay, drawn: Kinds, scores: Scores, log_prior: Alternatives) -> Slots:
    """What the slots after i added to l: the signal that `enumerated` leaves out.

        sum_a dq(a) C_i(a) + (l_i - C_i(a_i)) d log q(a_i)

    with C_i(a) the bound of the prefix, is the gradient of the bound without bias: the prefix is
    a control variate that depends on a_i, and whose mean is known.
    """
    added = terms(replay, drawn, log_prior)
    after = jax.lax.cumsum(added, reverse=True) - added
    return scores.total - of_drawn(scores.table, drawn) + after


def path_wise(replay: Replay, scores: Scores, floor: Total | float) -> Total:
    """The pose terms: w_i z_i . grad_i - v_i KL_i, and the camera's.

    w_i is `scores.weights` and v_i is q(present); neither is below `floor`, which is not ascent on
    the bound while it is above 0: an object that is thought absent learns where it would be.

    With the difference network the path from z_i through the render to the later steps is left
    out, as it would need the derivative of an image; the recurrent network's path is all there.
    """
    there = jax.lax.stop_gradient(-jnp.expm1(replay.log_q[:, 0]))
    like = jnp.sum(replay.z_where * scores.poses, axis=1)
    slots = jnp.maximum(scores.weights, floor) * like - jnp.maximum(there, floor) * replay.kl
    return slots.sum() + jnp.sum(replay.z_camera * scores.camera) - replay.kl_camera
