"""The supervised network: the inference network's form, trained on labels (appendix I.5)."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from airscene.graphics import ABSENT, RenderPool, SceneBatch
from airscene.inverse.config import InverseConfig, Order
from airscene.inverse.latents import pose_spread, to_scenes
from airscene.inverse.model import InverseAIR, latents
from airscene.inverse.networks.networks import Carry, first_carry
from airscene.inverse.networks.tower import last_layer
from airscene.inverse.objective.estimators import of_drawn
from airscene.inverse.shapes import Numbers, Renders, Total
from airscene.inverse.train import Scenes, train_rendered
from airscene.inverse.unroll import as_inputs
from airscene.model.unrolled import log_normal
from airscene.training.config import LoopConfig

# The logit of the share of its cap that a spread has at first, beside that of inference.
WIDE = 4.0


class Labelled(NamedTuple):
    """Images and their labels, one row a scene.

    Args:
        images: What is seen, values in [0, 1].
        canvases: The render of the labels before each step; of 0 channels for the recurrent
            network.
        types: Type of the object of each step, `ABSENT` after the last.
        z_where: Standardised poses; finite where absent, too.
        z_camera: Standardised camera.
    """

    images: Float[Numbers, "n height width 3"]
    canvases: Float[Numbers, "n slots height width seen"]
    types: Int[Numbers, "n slots"]
    z_where: Float[Numbers, "n slots 3"]
    z_camera: Float[Numbers, "n cameras"]


def conditional_log_likelihood(model: InverseAIR, labelled: Labelled) -> Total:
    """Conditional log-likelihood of one scene's labels, each step given the labels before it.

        log q(z_camera | x) + sum_i [log q(a_i | ..) + 1(a_i present) log q(z_where_i | ..)]

    The distributions are those of inference, a Gaussian for a rotation among them: the label is
    the angle that the object was given, in [-pi, pi], though others may look the same. The density
    is in standardised latents, in nats.

    Source: Eslami et al. 2016, appendix I.5.
    """
    image, canvases, types, z_where, z_camera = labelled
    mean, scale = model.see_camera(image)
    value = log_normal(z_camera, mean, scale).sum()
    present, kind = types >= 0, jnp.maximum(types, 0)
    carry, log_q = first_carry(model.config), []
    for i in range(model.config.n_slots):
        proposal, hidden = model.network(image, canvases[i], carry, z_camera)
        carry = Carry(hidden, latents(present[i], kind[i], z_where[i], model.config))
        density = log_normal(z_where[i], proposal.mean, proposal.scale).sum()
        value += present[i] * density
        log_q.append(proposal.log_q)
    return value + of_drawn(jnp.stack(log_q), types + 1).sum()


def for_labels(model: InverseAIR) -> InverseAIR:
    """Return the model as it starts on labels, which differ from what it says by many spreads.

    From the narrow start of inference without labels the first gradients, nearly the same for all
    images, would be so large that nothing else is learnt; so spreads start near their caps.
    """

    def biases(model: InverseAIR) -> list[Any]:
        parts = [model.network.where, model.network.rotation]
        parts += [model.camera.tower] if model.camera else []
        return [last_layer(part).bias for part in parts]

    # The means are the first half of each.
    wide = [bias.at[len(bias) // 2 :].set(WIDE) for bias in biases(model)]
    return eqx.tree_at(biases, model, wide)


def mean_log_likelihood(model: InverseAIR, batch: Labelled, key: Array, step: Array) -> Total:
    """The mean of `conditional_log_likelihood` over a batch; nothing is random in it."""
    return jax.vmap(lambda row: conditional_log_likelihood(model, row))(batch).mean()


def label(
    truth: SceneBatch, targets: Renders, pool: RenderPool, config: InverseConfig, order: Order
) -> Labelled:
    """Make the labels of scenes and their images: present objects in an order, then the absent.

    The pool draws the canvases of the difference network, with nominal looks, as in inference.
    """
    n, slots = truth.types.shape
    keys = {"sampled": np.zeros((n, slots)), "type": truth.types, "left": truth.poses[:, :, 0]}
    where = np.lexsort((keys[order], ~truth.present))
    types = np.take_along_axis(truth.types, where, axis=1)
    poses = np.take_along_axis(truth.poses, where[:, :, None], axis=1)
    z_where = np.where(types[:, :, None] >= 0, poses / pose_spread(config), 0.0)
    z_camera = truth.camera / config.camera_spread
    looks = config.network == "difference"
    canvases = np.zeros((n, slots, *config.image_shape[1:], 3 * looks), np.float32)
    for i in range(slots if looks else 0):
        so_far = np.where(np.arange(slots) < i, types, ABSENT)
        canvases[:, i] = as_inputs(
            pool.render(to_scenes(so_far, z_where, z_camera, config)), config
        )
    numbers = z_where.astype(np.float32), np.asarray(z_camera, np.float32)
    return Labelled(as_inputs(targets, config), canvases, types, *numbers)


def train_supervised(
    model: InverseAIR,
    scenes: Scenes,
    pool: RenderPool,
    config: LoopConfig,
    *,
    order: Order,
    **options: Any,
) -> InverseAIR:
    """Train on renders of scenes and their truth.

    One with `train_inverse` and the same seed sees the same images. What is recorded as
    `objective` is the conditional log-likelihood. The labels have an order; for the rest see
    `train_rendered`. The model is used as one that had no labels: `infer`, `make_evaluate`.
    """

    def draw(model: InverseAIR, truth: SceneBatch, targets: Any, step: int) -> Labelled:
        return label(truth, targets, pool, model.config, order)

    wide = for_labels(model)
    return train_rendered(wide, scenes, pool, config, mean_log_likelihood, draw, **options)
