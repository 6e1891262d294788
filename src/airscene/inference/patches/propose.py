"""Patches of images in, candidates out: the compiled part of inference, for many at once."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32

from airscene.model.patch.air import PatchAIR

# Patches a dispatch are padded to one of these numbers, so that few are compiled.
SIZES = (8, 32, 128)

# Images that are scanned at once, their patches in one batch.
TOGETHER = 32

Result = TypeVar("Result")


class Patches(NamedTuple):
    """Parts of images where an object is to be proposed.

    Args:
        image: What is there, less the ground.
        canvas: The objects so far.
        covered: How much of each pixel they cover.
        valid: 1 in the image, 0 beyond.
        near: Where to look, (x, y) in pixels of the patch.
    """

    image: Float32[np.ndarray, "n channel side side"]
    canvas: Float32[np.ndarray, "n channel side side"]
    covered: Float32[np.ndarray, "n side side"]
    valid: Float32[np.ndarray, "n side side"]
    near: Float32[np.ndarray, "n 2"]


class Proposed(NamedTuple):
    """What is proposed on patches, and what each candidate gains, over or under what is there.

    Of NumPy's arrays, with a row a patch; in compiled functions they are JAX's.
    """

    candidate: Any
    gain: Any
    is_under: Any


Scan = Generator[Patches, Proposed, Result]


@eqx.filter_jit
def _propose(model: PatchAIR, *patches: Any) -> Proposed:
    def one(image, canvas, covered, valid, near):
        error = (image - canvas) * valid
        start = model.start(error, near)
        found = model.propose(error, covered, start, jnp.zeros(model.n_noise))
        new = model.put(image, valid, canvas, covered, found.drawn, found.mask)
        return Proposed(found, new.gain, new.is_under)

    return jax.vmap(one)(*patches)


def propose(model: PatchAIR, patches: Patches) -> Proposed:
    """Propose an object on each patch, by the posterior means."""
    parts = [_padded(partial(_propose, model), some) for some in _batches(patches)]
    return jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)


def _batches(arrays: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Rows of arrays, as many as are dispatched at once."""
    for start in range(0, len(arrays[0]), SIZES[-1]):
        yield [array[start : start + SIZES[-1]] for array in arrays]


def _padded(apply: Callable[..., Any], arrays: list[np.ndarray]) -> Any:
    """What a compiled function returns for rows of arrays, which are padded for it."""
    n = len(arrays[0])
    size = next(s for s in SIZES if s >= n)
    padded = [np.pad(a, ((0, size - n), *[(0, 0)] * (a.ndim - 1))) for a in arrays]
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:n], apply(*padded))


@eqx.filter_jit
def _draw(model: PatchAIR, side: int, z_what: Any, z_where: Any) -> tuple[jax.Array, jax.Array]:
    pose = model.pose((side, side))
    return jax.vmap(lambda what, where: model.draw(what, where, pose, (side, side)))(
        z_what, z_where
    )


def draw(
    model: PatchAIR,
    side: int,
    z_what: Float32[np.ndarray, "n what"],
    z_where: Float32[np.ndarray, "n 3"],
) -> tuple[Float32[np.ndarray, "n channel side side"], Float32[np.ndarray, "n side side"]]:
    """Draw objects, each on a patch of its own: colours times mask, and mask."""
    apply = partial(_draw, model, side)
    drawn = [_padded(apply, some) for some in _batches([z_what, z_where])]
    colours, masks = (np.concatenate(arrays) for arrays in zip(*drawn, strict=True))
    return colours, masks


def run_together(model: PatchAIR, scans: Iterable[Scan[Result]]) -> Iterator[Result]:
    """Run scans, a few at a time: what they ask for is proposed in one batch.

    Yields:
        What each scan returns, in order.
    """
    waiting: dict[int, tuple[Scan[Result], Patches]] = {}
    done: dict[int, Result] = {}
    given, next_out, exhausted, number = iter(scans), 0, False, 0
    while True:
        while len(waiting) < TOGETHER and not exhausted:
            scan = next(given, None)
            if scan is None:
                exhausted = True
                break
            _advance(number, scan, None, waiting, done)
            number += 1
        while next_out in done:
            yield done.pop(next_out)
            next_out += 1
        if not waiting:
            if exhausted:
                return
            continue
        order = list(waiting)
        asked = [waiting[k][1] for k in order]
        batch = Patches(*(np.concatenate(arrays) for arrays in zip(*asked, strict=True)))
        found, start = propose(model, batch), 0
        for k, patches in zip(order, asked, strict=True):
            some = slice(start, start := start + len(patches.near))
            scan = waiting.pop(k)[0]
            _advance(k, scan, jax.tree.map(lambda a, s=some: a[s], found), waiting, done)


def _advance(
    number: int,
    scan: Scan[Result],
    answer: Proposed | None,
    waiting: dict[int, tuple[Scan[Result], Patches]],
    done: dict[int, Result],
) -> None:
    """Hand an answer to a scan, and keep what it asks for next, or what it returns."""
    try:
        asked = next(scan) if answer is None else scan.send(answer)
        waiting[number] = scan, asked
    except StopIteration as end:
        done[number] = end.value
