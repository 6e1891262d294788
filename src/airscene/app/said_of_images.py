"""What `airscene images` says of images, in lines."""

import shlex
from collections import Counter
from collections.abc import Sequence

from airscene.model.background.set import FEWEST, MOST_OF
from airscene.model.patch.config import WHOLE, PatchConfig
from airscene.model.patch.size import MIXED
from airscene.model.patch.survey import Survey

# Fewer images are few; an object this large, as a share of the short side, is large; more saturated
# pixels than this are many.
FEW, LARGE, MANY = 10, 1 / 3, 0.02

# Lines of damaged files; sizes that are named.
DAMAGED, NAMED = 20, 3


def facts(found: Survey) -> list[str]:
    """Return what images are like, a line each: images, ground, objects, contrast.

    Args:
        found: What was found out about them.
    """
    n, first = len(found.sizes), found.first
    images = "1 image" if n == 1 else f"{n:,} images"
    colour = "in colour" if found.channels == 3 else "grey"
    lines = [f"images    {images} of {_sizes(found)}, {colour}"]
    if found.n_read < found.n_files:
        lines[0] += f"; {found.n_read:,} of {found.n_files:,} files were read, evenly chosen"
    if len(found.named) < n:
        lines[0] += f"; {len(found.named)} were looked at"
    lines.append(f"ground    {_ground(found)}")
    sizes = first.sizes
    if sizes.typical:
        size = f"{sizes.box * found.short_side:.0f} pixels ({sizes.box:.3f} of the short"
        lines.append(
            f"objects   about {sizes.n_objects:.0f} an image, the longer side {size} side), "
            f"which differs by {_percent(sizes.spread)} from image to image"
        )
    if found.looked:
        known = found.looked.config.calibration
        lines.append(
            f"contrast  {known.contrast:.2f} of white with the ground, which differs by "
            f"{_percent(found.looked.exposure_spread)} from image to image; noise {known.noise:.3f}"
        )
    return lines


def unusual(found: Survey) -> list[str]:
    """Return what is unusual about images, a line each.

    Args:
        found: What was found out about them.
    """
    lines = []
    if found.trouble:
        lines.append(found.trouble)
    for source, reason in found.damaged[:DAMAGED]:
        said = reason if reason.startswith(source) else f"{source}: {reason}"
        lines.append(" ".join(f"damaged: {said}".split()))
    if len(found.damaged) > DAMAGED:
        lines.append(f"{len(found.damaged) - DAMAGED:,} more files are damaged")
    n, sizes = len(found.sizes), found.first.sizes
    if n < FEW:
        lines.append(f"there are fewer than {FEW} images; dozens are better")
    if len(set(found.sizes)) > 1:
        lines.append("the images differ in size: a ground that they share is not looked for")
    if found.saturated > MANY:
        lines.append(
            f"saturated: {found.saturated:.0%} of the pixels are white or black and no ground; "
            "expose less, if the objects should differ there"
        )
    if sizes.box > LARGE:
        lines.append(
            f"the objects are larger than a third of the image ({sizes.box:.2f} of its short "
            "side): is each one object, or a heap? Give --object-size if you know better"
        )
    if sizes.are_mixed:
        lines.append(
            "the sizes of objects are mixed: each image is scaled by its own, so that a difference "
            "between images in size is not seen (--sizes alike keeps it)"
        )
    looked = found.looked
    if looked and looked.exposure_spread > MIXED:
        lines.append(
            "the contrasts of objects are mixed: each image is scaled by its own (--exposure alike "
            "keeps them)"
        )
    return lines


def command(paths: Sequence[str], wanted: PatchConfig) -> str:
    """Return the command to train with, to be pasted into a shell.

    Args:
        paths: What was given.
        wanted: What was asked for beside them.
    """
    train = ["airscene", "train", "images", "--images", *paths]
    if wanted.object_size:
        train += ["--object-size", wanted.object_size]
    if wanted.region != WHOLE:
        train += ["--region", *map(repr, wanted.region)]
    return shlex.join([*train, "--out", "runs/mine"])


def _sizes(found: Survey) -> str:
    """The sizes of images, in words: the most frequent first."""
    counts = Counter(f"{width}x{height}" for height, width in found.sizes)
    named = counts.most_common(NAMED)
    if len(counts) == 1:
        return f"{named[0][0]} pixels"
    said = ", ".join(f"{size} ({n:,})" for size, n in named)
    more = len(counts) - len(named)
    return f"{len(counts)} sizes: {said}{f' and {more} more' if more else ''}"


def _ground(found: Survey) -> str:
    """The ground that would be subtracted, and why."""
    name, grounds = found.first.config.background, found.first.grounds
    share = f"the same in {grounds.share:.0%} of the images"
    if name == "set":
        n = len(grounds.templates)
        kinds = "" if n == 1 else f", of {n} kinds"
        return f"set: {share}{kinds}, and more than a smooth field"
    if len({image.shape for image in found.first.small}) > 1:
        why = "the images differ in size, so that they share none"
    elif len(found.named) < FEWEST:
        why = f"{len(found.named)} images are too few to tell what they share"
    elif grounds.share >= MOST_OF:
        why = f"{share}, but no more than a smooth field"
    elif grounds.share:
        why = f"{share} only"
    else:
        why = "the images share none"
    return f"{name}: {why}"


def _percent(spread: float) -> str:
    return f"{spread:.0%}"
