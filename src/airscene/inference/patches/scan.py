"""A whole image: places one after the other, until nothing is left that is worth an object."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from airscene.inference.patches.objects import Found, cover, local_canvas, put, square
from airscene.inference.patches.pixels import changed, likely
from airscene.inference.patches.places import Places
from airscene.inference.patches.propose import Patches, Proposed, Scan
from airscene.model.patch.air import PatchAIR
from airscene.objective.patches import TABOO

# Side of a patch, in typical objects.
PATCH = 4

# How far apart objects are that are taken in one round, in windows.
APART_TAKEN = 0.9

# An object of whose mask less than this is in the image is cut off by its edge.
CUT = 0.97

# Rounds of an image at most.
ROUNDS = 40

# Where objects hide each other, how often all are proposed again, each given the others; and by how
# much more one must explain to take the place of the one before, as a share of the price.
REFITS, BETTER = 1, 0.1


class Explained(NamedTuple):
    """What was found in an image.

    Args:
        objects: The objects, those below first.
        rejected: By how much each candidate that is no object misses its price, in nats.
        canvas: The canvas that they make, without the ground.
        rounds: Rounds of proposals.
        proposals: Candidates that were looked at.
    """

    objects: list[Found]
    rejected: list[float]
    canvas: Float32[np.ndarray, "channel height width"]
    rounds: int
    proposals: int


class _Whole:
    """The state of one image while it is scanned, padded by a patch on each side."""

    def __init__(self, model: PatchAIR, image: Float[np.ndarray, "channel height width"]):
        self.model, self.side = model, PATCH * model.config.pixels
        # Once, as each is made when it is asked for.
        self.composition, self.deficit = model.composition, model.likelihood.deficit
        pad = self.side
        self.image = np.pad(image, ((0, 0), (pad, pad), (pad, pad))).astype(np.float32)
        self.valid = np.pad(np.ones(image.shape[1:], np.float32), pad)
        self.canvas = np.zeros_like(self.image)
        self.covered = np.zeros_like(self.valid)
        self.error = self.image.copy()
        contrast = model.config.calibration.contrast
        self.places = Places(self.error, contrast, model.window)
        self.objects: list[Found] = []
        self.rejected: dict[tuple[int, int], float] = {}

    def patches(self, places: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], Patches]:
        """Return the patches about places, and their corners."""
        height, width = self.valid.shape
        corners = [
            (
                min(max(x - self.side // 2, 0), width - self.side),
                min(max(y - self.side // 2, 0), height - self.side),
            )
            for x, y in places
        ]
        squares = [square(corner, self.side) for corner in corners]
        near = np.array(places, np.float32) - np.array(corners, np.float32) + 0.5
        cut = [
            np.stack([array[(..., *s)] for s in squares])
            for array in (self.image, self.canvas, self.covered, self.valid)
        ]
        return corners, Patches(cut[0], cut[1], cut[2], cut[3], near)

    def take(
        self, places: list[tuple[int, int]], corners: list[tuple[int, int]], found: Proposed
    ) -> None:
        """Take the candidates that are worth an object, the best first; inhibit the others."""
        window, taken = self.model.window, np.zeros((0, 2), np.float32)
        spread = TABOO * window
        for k in np.argsort(found.candidate.kl - found.gain, kind="stable"):
            one = self._candidate(found, int(k), corners[k])
            if one.net <= 0.0:
                self.places.inhibit(places[k], spread, 1.0)
                self.rejected[places[k]] = one.net
                continue
            if (np.hypot(*(taken - one.centre).T) < APART_TAKEN * window).any():
                continue
            taken = np.concatenate([taken, one.centre[None]])
            # Those below come first.
            self.objects.insert(0 if found.is_under[k] else len(self.objects), one)
            put(self.composition, self.canvas, one, self.covered if found.is_under[k] else None)
            cover(self.covered, one)
            self._changed(one)
            self.places.inhibit(places[k], spread, 0.5)

    def leave_out(self) -> None:
        """Leave out objects that the others explain, the least worth first.

        An object's gain becomes what the image loses without it, given all the others.
        """
        stale = set(map(id, self.objects))
        while True:
            for one in self.objects:
                if id(one) in stale:
                    one.gain = self._gain_of(one)
            stale.clear()
            if not self.objects:
                return
            worst = min(self.objects, key=lambda one: one.net)
            if worst.net > 0.0:
                return
            self.objects = [one for one in self.objects if one is not worst]
            stale = {id(one) for one in self.objects if one.near(worst)}
            self._draw_again(worst)

    def mark(self) -> None:
        """Find out which pixels are of each object."""
        for one in self.objects:
            if self.model.config.colours == "one":
                image, (without, _) = self.image[(slice(None), *one.square)], self._others(one)
                one.shown = likely(self.model, one, image, without)
            else:
                one.shown = changed(one)

    def apart(self) -> list[list[Found]]:
        """Return the objects in groups, in each of which no two patches meet."""
        groups: list[list[Found]] = []
        for one in self.objects:
            for group in groups:
                if not any(one.near(other) for other in group):
                    group.append(one)
                    break
            else:
                groups.append([one])
        return groups

    def without(self, group: list[Found]) -> Patches:
        """Return the patches of objects, without each itself."""
        images, canvases, covered, valid, near = [], [], [], [], []
        for one in group:
            image = self.image[(slice(None), *one.square)]
            canvas, cover = self._others(one)
            images.append(image)
            canvases.append(canvas)
            covered.append(cover)
            valid.append(self.valid[one.square])
            near.append(one.centre - np.array(one.corner, np.float32))
        stacked = (np.stack(arrays) for arrays in (images, canvases, covered, valid, near))
        return Patches(*stacked)

    def replace(self, group: list[Found], found: Proposed) -> None:
        """Take what is proposed in place of an object where it explains more, given all others."""
        for k, one in enumerate(group):
            new, before = self._candidate(found, k, one.corner), self._gain_of(one)
            if new.net <= before - one.kl - one.price + BETTER * one.price:
                continue
            self.objects = [other for other in self.objects if other is not one]
            self.objects.insert(0 if found.is_under[k] else len(self.objects), new)
            self._draw_again(one)

    def _candidate(self, found: Proposed, k: int, corner: tuple[int, int]) -> Found:
        """One candidate, as an object of the image."""
        candidate, c = found.candidate, self.model.config
        mask = candidate.mask[k]
        inside = float((mask * self.valid[square(corner, self.side)]).sum())
        is_cut = inside < CUT * float(mask.sum())
        price = max(c.object_price, c.edge_price) if is_cut else c.object_price
        return Found(
            corner,
            candidate.drawn[k],
            mask,
            float(candidate.kl[k]),
            candidate.centre[k] + np.array(corner, np.float32),
            float(candidate.side[k]),
            candidate.z_what[k],
            price * c.calibration.worth,
            float(found.gain[k]),
        )

    def _draw_again(self, one: Found) -> None:
        """Draw all objects again where one was."""
        near = [other for other in self.objects if other.near(one)]
        here = (slice(None), *one.square)
        self.canvas[here], self.covered[one.square] = local_canvas(
            self.composition, near, one.corner, self.image[here]
        )
        self._changed(one)

    def _changed(self, one: Found) -> None:
        """Look again at what is left where an object is, or was."""
        here = (slice(None), *one.square)
        self.error[here] = (self.image[here] - self.canvas[here]) * self.valid[one.square]
        self.places.changed(one.square)

    def _others(self, one: Found) -> tuple[np.ndarray, np.ndarray]:
        """The canvas without an object, on its patch, and what is covered of it."""
        others = [other for other in self.objects if other is not one and other.near(one)]
        like = self.image[(slice(None), *one.square)]
        return local_canvas(self.composition, others, one.corner, like)

    def _gain_of(self, one: Found) -> float:
        here = (slice(None), *one.square)
        image, valid = self.image[here], self.valid[one.square]
        without, _ = self._others(one)
        lost = self.deficit(image - without) - self.deficit(image - self.canvas[here])
        return float((valid * lost).sum())


def scan(
    model: PatchAIR, image: Float[np.ndarray, "channel height width"], inhibits: bool = True
) -> Scan[Explained]:
    """Explain an image; to be run by `run_together`.

    A round looks at all places where much is left unexplained and that are far enough apart. A
    candidate that is worth an object is taken; a place that is not is inhibited, and the scan goes
    on. It ends where nothing is left that attracts it. Then objects are left out that the others
    explain.

    Args:
        model: The model.
        image: The scaled image, less its ground.
        inhibits: Whether a place that is not worth an object is inhibited; if not, it ends the
            scan, as the first absent object does in the paper.

    Returns:
        What was found, in pixels of the image.
    """
    whole, rounds, proposals = _Whole(model, image), 0, 0
    refits = REFITS if model.config.composition == "either" else 0
    for again in range(1 + refits):
        if again:
            for group in whole.apart():
                found = yield whole.without(group)
                whole.replace(group, found)
                proposals += len(group)
        while rounds < ROUNDS and (places := whole.places.next()):
            corners, patches = whole.patches(places)
            found = yield patches
            whole.take(places, corners, found)
            rounds, proposals = rounds + 1, proposals + len(places)
            if whole.rejected and not inhibits:
                break
        whole.leave_out()
    whole.mark()
    # What was rejected where there is an object now is a part of it.
    reach, centres = model.window / 2.0, np.array([one.centre for one in whole.objects])
    rejected = [
        net
        for place, net in whole.rejected.items()
        if not len(centres) or (np.hypot(*(centres - place).T) > reach).all()
    ]
    inside = slice(whole.side, -whole.side)
    canvas = whole.canvas[:, inside, inside].copy()
    return Explained(whole.objects, rejected, canvas, rounds, proposals)
