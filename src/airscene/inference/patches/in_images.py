"""From what was found in a scaled image to a scene in pixels of the image given, and back."""

import math

import numpy as np
from jaxtyping import Bool, Float

from airscene.errors import InputError
from airscene.images.resample import resample
from airscene.inference.patches.objects import Found
from airscene.inference.patches.scan import PATCH, Explained
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.prepare import Prepared
from airscene.scene import Mask, Scene, SceneObject

# A pixel is of an object where the object changes it by this share of its strongest change.
EDGE = 0.2


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
        found: What was found.
        sample: Which draw this is; None for the most probable objects.
        rng: Draws which objects are there.
    """
    scaled = seen.scaled.shape[1:]
    price = air.config.object_price * air.config.calibration.worth
    odds = [one.gain - one.kl - price for one in found.objects]
    presence = [_logistic(x) for x in odds]
    kept = range(len(presence))
    if rng is not None:
        kept = [k for k in kept if rng.random() < presence[k]]
    objects = tuple(_object(found.objects[k], presence[k], size, scaled) for k in kept)
    probs = count_probs([*presence, *(_logistic(x) for x in found.rejected)])
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
    window = (*((centre - half) * stretch), *((centre + half) * stretch))
    corner, bits = visible(one, size, scaled)
    mask = Mask(corner, bits) if bits.any() else None
    edge = np.tile(np.array(size)[::-1], 2)
    box = mask.box if mask else tuple(np.clip(window, 0.0, edge))
    return SceneObject(
        presence, tuple(map(float, window)), tuple(map(float, box)), one.z_what, mask
    )


def visible(
    one: Found, size: tuple[int, int], scaled: tuple[int, int]
) -> tuple[tuple[int, int], Bool[np.ndarray, "height width"]]:
    """Return which pixels of the image given an object changes, and where their corner is.

    Its change is interpolated to the pixels of the image given before its edge is drawn.
    """
    strength = np.sqrt(np.square(one.drawn).sum(axis=0))
    strong = strength > 0.02
    if not strong.any():
        return (0, 0), np.zeros((0, 0), bool)
    level = EDGE * float(np.quantile(strength[strong], 0.9))
    rows, columns = (np.flatnonzero((strength > level).any(axis=k)) for k in (1, 0))
    # A pixel of margin on each side, for the interpolation; the patch has it.
    pad = side = len(strength)
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
    part = strength[tuple(spans)]
    (top, bottom), (left, right) = places
    large = resample(part[None], (bottom - top, right - left))[0]
    bits = large > level
    tight = Mask.of(bits)
    return (left + tight.corner[0], top + tight.corner[1]), tight.bits


def found_in(air: PatchAIR, scene: Scene, scaled: tuple[int, int]) -> list[Found]:
    """Return the objects of a scene as they are drawn on a scaled image, padded by a patch.

    Raises:
        InputError: If an object's code is of another model, or its window is empty.
    """
    import jax

    side = PATCH * air.config.pixels
    pose = air.pose((side, side))
    stretch = np.tile(np.divide(scene.image_size or scaled, scaled)[::-1], 2)
    found = []
    for thing in scene.objects:
        if len(thing.what) != air.config.n_what:
            raise InputError(
                f"{scene.source}: an object's code has {len(thing.what)} numbers; the model takes "
                f"{air.config.n_what}"
            )
        x0, y0, x1, y1 = np.divide(thing.window, stretch)
        if not x0 < x1:
            raise InputError(f"{scene.source}: the window {thing.window} of an object is empty")
        centre = np.array([(x0 + x1) / 2.0, (y0 + y1) / 2.0]) + side
        corner = tuple(
            int(np.clip(round(c) - side // 2, 0, n + side))
            for c, n in zip(centre, scaled[::-1], strict=True)
        )
        at = 2.0 * (centre - corner) / side - 1.0
        z_scale = math.log((x1 - x0) / air.window) / air.config.scale_spread
        z_where = np.array([z_scale, *at], np.float32)
        drawn, mask = jax.jit(air.draw, static_argnums=(2, 3))(
            np.asarray(thing.what, np.float32), z_where, pose, (side, side)
        )
        found.append(
            Found(
                corner,
                np.asarray(drawn),
                np.asarray(mask),
                0.0,
                centre.astype(np.float32),
                float(x1 - x0),
                np.asarray(thing.what),
            )
        )
    return found


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(x, -500.0), 500.0)))
