"""From what was found in a scaled image to a scene in pixels of the image given, and back."""

import math

import numpy as np
from jaxtyping import Bool, Float

from airscene.errors import InputError
from airscene.images.resample import resample
from airscene.inference.patches.objects import Found
from airscene.inference.patches.propose import draw
from airscene.inference.patches.scan import PATCH, Explained
from airscene.model.background.region import corner_of
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.prepare import Prepared
from airscene.scene import Mask, Scene, SceneObject


def scene_of(
    air: PatchAIR,
    source: str,
    size: tuple[int, int],
    seen: Prepared,
    found: Explained,
    sample: int | None,
    rng: np.random.Generator | None,
) -> Scene:
    """Return what was found in an image, in its pixels.

    Args:
        air: The model.
        source: Where the image came from.
        size: Height and width of the image given.
        seen: The image as the model sees it.
        found: What was found, in the region of interest.
        sample: Which draw this is; None for the most probable objects.
        rng: Draws which objects are there.
    """
    scaled = seen.scaled.shape[1:]
    presence = [logistic(one.net) for one in found.objects]
    kept = range(len(presence))
    if rng is not None:
        kept = [k for k in kept if rng.random() < presence[k]]
    left, top = corner_of(scaled, air.config.region)
    found_there = [one.moved(left, top) for one in found.objects]
    objects = tuple(_object(found_there[k], presence[k], size, scaled) for k in kept)
    probs = count_probs([*presence, *(logistic(x) for x in found.rejected)])
    told = (seen.relative, seen.exposure, *seen.ground)
    return Scene(source, probs, objects, sample, size, ground=tuple(map(float, told)))


def count_probs(presence: list[float]) -> Float[np.ndarray, " counts"]:
    """Return the distribution of how many of some objects are there, each by itself.

    The convolution of one distribution an object; counts of no more than rounding are cut off.

    Args:
        presence: The probability of each.
    """
    probs = np.ones(1)
    for p in presence:
        probs = np.convolve(probs, [1.0 - p, p])
    last = max(int(np.flatnonzero(probs > 1e-12)[-1]), sum(p > 0.5 for p in presence))
    return probs[: last + 1] / probs[: last + 1].sum()


def _object(
    one: Found, presence: float, size: tuple[int, int], scaled: tuple[int, int]
) -> SceneObject:
    pad = len(one.mask)
    stretch = np.divide(size, scaled)[::-1]
    centre, half = one.centre - pad, one.side / 2.0
    left, top = (centre - half) * stretch
    right, bottom = (centre + half) * stretch
    window = float(left), float(top), float(right), float(bottom)
    corner, bits = visible(one, size, scaled)
    mask = Mask(corner, bits) if bits.any() else None
    edge = np.tile(np.array(size)[::-1], 2)
    x0, y0, x1, y1 = mask.box if mask else np.clip(window, 0.0, edge)
    return SceneObject(
        presence, window, (float(x0), float(y0), float(x1), float(y1)), one.z_what, mask
    )


def visible(
    one: Found, size: tuple[int, int], scaled: tuple[int, int]
) -> tuple[tuple[int, int], Bool[np.ndarray, "height width"]]:
    """Return which pixels of the image given are of an object, and where their corner is.

    What tells them is interpolated to the pixels of the image given before the edge is drawn.
    """
    assert one.shown is not None
    rows, columns = (np.flatnonzero((one.shown > 0.0).any(axis=k)) for k in (1, 0))
    if not len(rows):
        return (0, 0), np.zeros((0, 0), bool)
    # A pixel of margin on each side, for the interpolation; the patch has it.
    pad = side = len(one.shown)
    spans, places = [], []
    for k, at in enumerate((rows, columns)):
        offset = one.corner[1 - k] - pad
        low, high = max(at[0] - 1, 0, -offset), min(at[-1] + 2, side, scaled[k] - offset)
        if low >= high:
            return (0, 0), np.zeros((0, 0), bool)
        spans.append(slice(low, high))
        ratio = size[k] / scaled[k]
        first = min(max(0, math.floor((low + offset) * ratio)), size[k] - 1)
        last = max(first + 1, min(size[k], math.ceil((high + offset) * ratio)))
        places.append((first, last))
    part = one.shown[tuple(spans)]
    (top, bottom), (left, right) = places
    large = resample(part[None], (bottom - top, right - left))[0]
    bits = large > 0.0
    tight = Mask.of(bits)
    return (left + tight.corner[0], top + tight.corner[1]), tight.bits


def found_in(air: PatchAIR, scene: Scene, scaled: tuple[int, int]) -> list[Found]:
    """Return the objects of a scene as they are drawn on a scaled image, padded by a patch.

    Raises:
        InputError: If an object's code is of another model, or its window is empty.
    """
    side, n_what = PATCH * air.config.pixels, air.config.n_what
    if not scene.objects:
        return []
    stretch = np.tile(np.divide(scene.image_size or scaled, scaled)[::-1], 2)
    corners, centres, sides = [], [], []
    for thing in scene.objects:
        if len(thing.what) != n_what:
            raise InputError(
                f"{scene.source}: an object's code has {len(thing.what)} numbers; the model takes "
                f"{n_what}"
            )
        x0, y0, x1, y1 = np.divide(thing.window, stretch)
        if not x0 < x1:
            raise InputError(f"{scene.source}: the window {thing.window} of an object is empty")
        centre = np.array([(x0 + x1) / 2.0, (y0 + y1) / 2.0], np.float32) + side
        last = np.array(scaled[::-1]) + side
        corners.append(np.clip(np.rint(centre).astype(int) - side // 2, 0, last))
        centres.append(centre)
        sides.append(x1 - x0)
    at = 2.0 * (np.array(centres) - np.array(corners)) / side - 1.0
    z_scale = np.log(np.array(sides) / air.window) / air.config.scale_spread
    z_where = np.concatenate([z_scale[:, None], at], axis=1).astype(np.float32)
    z_what = np.array([thing.what for thing in scene.objects], np.float32)
    colours, masks = draw(air, side, z_what, z_where)
    each = zip(corners, colours, masks, centres, sides, z_what, strict=True)
    return [
        Found((int(corner[0]), int(corner[1])), colour, mask, 0.0, centre, float(s), what)
        for corner, colour, mask, centre, s, what in each
    ]


def logistic(x: float) -> float:
    """Return the probability of log-odds."""
    return 1.0 / (1.0 + math.exp(-min(max(x, -500.0), 500.0)))
