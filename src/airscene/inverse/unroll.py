"""Inference with a renderer between the steps: forward, render, forward."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from airscene.graphics import ABSENT, SceneBatch, shrink
from airscene.inverse.config import InverseConfig
from airscene.inverse.latents import to_scenes
from airscene.inverse.model import Drawn, InverseAIR, draw_step, latents
from airscene.inverse.networks.networks import Carry, first_carry
from airscene.inverse.shapes import Inputs, Numbers, Renders

Render = Callable[[SceneBatch], Renders]


class Unrolled(NamedTuple):
    """What was drawn for a batch of images.

    Args:
        drawn: Presence, types and noise.
        canvases: The render before each step, values in [0, 1]; of 0 channels where the network
            does not look at them.
        scenes: The scenes, with poses also where a slot is absent.
        q_present: Probability that each slot is present, given the slots before it.
    """

    drawn: Drawn
    canvases: Float[np.ndarray, "n slots height width seen"]
    scenes: SceneBatch
    q_present: Float[np.ndarray, "n slots"]


class Noise(NamedTuple):
    """What decides the draws of a batch.

    Args:
        normal: For z_where.
        uniform: For presence.
        gumbel: For the types.
        camera: For z_camera.
    """

    normal: Float[Numbers, "n slots 3"]
    uniform: Float[Numbers, "n slots"]
    gumbel: Float[Numbers, "n slots types"]
    camera: Float[Numbers, "n cameras"]


def draw_noise(key: PRNGKeyArray, n: int, config: InverseConfig) -> Noise:
    """Noise for n images."""
    keys, slots = jax.random.split(key, 4), (n, config.n_slots)
    return Noise(
        jax.random.normal(keys[0], (*slots, 3)),
        jax.random.uniform(keys[1], slots),
        jax.random.gumbel(keys[2], (*slots, config.n_types)),
        jax.random.normal(keys[3], (n, config.n_cameras)),
    )


def mode_noise(n: int, config: InverseConfig) -> Noise:
    """Noise with which everything is at its most probable: means, and the likelier alternative."""
    slots = (n, config.n_slots)
    return Noise(
        np.zeros((*slots, 3), np.float32),
        np.full(slots, 0.5, np.float32),
        np.zeros((*slots, config.n_types), np.float32),
        np.zeros((n, config.n_cameras), np.float32),
    )


def as_inputs(images: Renders, config: InverseConfig) -> Inputs:
    """What the networks see of renders: smaller, values in [0, 1].

    Raises:
        InputError: If they do not shrink to the size that the networks see.
    """
    small = shrink(images, images.shape[1] // config.image_shape[1])
    return small / np.float32(255.0)


class _Same:
    """A model as a cache key: compared by identity, not by value."""

    def __init__(self, model: InverseAIR):
        self.model = model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.model is other.model


@lru_cache(maxsize=4)
def _compiled(function: Callable, same: _Same) -> Callable:
    """Compile a function of a model and arrays, with the model bound.

    The model is taken apart once: it takes as long as a step of one image does. The last few
    models stay in memory for it.
    """
    arrays, rest = eqx.partition(same.model, eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays)
    return partial(_compiled_of_leaves(function, structure, rest), leaves)


@lru_cache(maxsize=16)
def _compiled_of_leaves(function: Callable, structure: Any, rest: InverseAIR) -> Callable:
    @jax.jit
    def run(leaves, *args):
        return function(eqx.combine(jax.tree.unflatten(structure, leaves), rest), *args)

    return run


@lru_cache(maxsize=16)
def _first_carries(config: InverseConfig, n: int) -> Carry:
    return jax.tree.map(lambda x: np.zeros((n, *x.shape), x.dtype), first_carry(config))


def _see_camera(model, images, noise):
    mean, scale = jax.vmap(model.see_camera)(images)
    return mean + scale * noise


def _steps(model, images, canvases, carry, z_camera, normal, uniform, gumbel):
    def one(image, canvases, carry, z_camera, *noise):
        drawn = []
        for canvas, *by_step in zip(canvases, *noise, strict=True):
            proposal, hidden = model.network(image, canvas, carry, z_camera)
            present, kind, z_where = draw_step(proposal, *by_step)
            carry = Carry(hidden, latents(present, kind, z_where, model.config))
            drawn.append((present, kind, z_where, -jnp.expm1(proposal.log_q[0])))
        return carry, tuple(jnp.stack(column) for column in zip(*drawn, strict=True))

    return jax.vmap(one)(images, canvases, carry, z_camera, normal, uniform, gumbel)


def unroll(model: InverseAIR, images: Inputs, render: Render, noise: Noise) -> Unrolled:
    """Draw the latents of a batch of images, one step after the other.

    The difference network has no state. If a step finds nothing in any image, later steps with the
    same noise would repeat it: the loop ends and copies its results to them.

    Args:
        model: The model.
        images: What is seen, from `as_inputs`.
        render: Draws scenes; called before each step of the difference network, and never for the
            recurrent one.
        noise: Decides the draws.

    Raises:
        RendererError: If the renderer fails.
    """
    config, n = model.config, len(images)
    looks, slots = config.network == "difference", config.n_slots
    same = _Same(model)
    *by_slot, camera = (np.asarray(numbers) for numbers in noise)
    z_camera = camera
    if config.n_cameras:
        z_camera = np.asarray(_compiled(_see_camera, same)(images, camera))
    types = np.full((n, slots), ABSENT)
    z_where = np.zeros((n, slots, 3))
    kinds, q_present = np.zeros_like(types), np.zeros(types.shape)
    canvases = np.zeros((n, slots, *config.image_shape[1:], 3 * looks), np.float32)
    carry, run = _first_carries(config, n), _compiled(_steps, same)
    # A dispatch costs a third of a step, so steps without rendering between them share one.
    for start in range(slots) if looks else (0,):
        some = slice(start, start + 1 if looks else slots)
        if looks:
            so_far = to_scenes(types, z_where, z_camera, config)
            canvases[:, start] = as_inputs(render(so_far), config)
        now = (numbers[:, some] for numbers in by_slot)
        carry, steps = run(images, canvases[:, some], carry, z_camera, *now)
        present, *found = map(np.asarray, steps)
        is_last = (
            looks
            and not present.any()
            and all(np.array_equal(x[:, start + 1 :], x[:, start:-1]) for x in by_slot)
        )
        if is_last:
            canvases[:, start:], some = canvases[:, some], slice(start, slots)
        kinds[:, some], z_where[:, some], q_present[:, some] = found
        types[:, some] = np.where(present, kinds[:, some], ABSENT)
        if is_last:
            break
    drawn = Drawn(types >= 0, kinds.astype(np.int32), noise.normal, noise.camera)
    return Unrolled(drawn, canvases, to_scenes(types, z_where, z_camera, config), q_present)


def infer(model: InverseAIR, images: Renders, render: Render) -> SceneBatch:
    """What is in images, of the size that the renderer draws, see `unroll`.

    That is the likelier of present and absent, the likeliest type, and mean poses.
    """
    noise = mode_noise(len(images), model.config)
    return unroll(model, as_inputs(images, model.config), render, noise).scenes
