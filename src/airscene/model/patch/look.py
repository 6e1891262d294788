"""A look at images before a model is made: what they are like, and how they are explained best."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from airscene.errors import InputError
from airscene.images.fit import with_channels
from airscene.images.load import load_images
from airscene.images.resample import resample
from airscene.model.background import FROM_PICTURES, FittedBackground, Grounds, grounds_of
from airscene.model.background.learnt import LEAST, learn
from airscene.model.background.region import inside, inside_size
from airscene.model.background.set import FEWEST
from airscene.model.patch.calibrate import calibrate, contrasts
from airscene.model.patch.config import Calibration, PatchConfig
from airscene.model.patch.ground import background_of
from airscene.model.patch.prepare import Prepared, frame_of, less_ground, prepare
from airscene.model.patch.size import MIXED, Planes, Sizes, object_sizes, reduced


class First(NamedTuple):
    """What a first look at images finds, reduced in size.

    Args:
        config: The configuration, with the ground that is chosen.
        background: What fits the ground of reduced images.
        grounds: What the images have in common.
        pictures: Those that tell the ground, of "set" or "learnt".
        small: The reduced images.
        less: The reduced images less their ground.
        sizes: How large their objects are.
    """

    config: PatchConfig
    background: FittedBackground
    grounds: Grounds
    pictures: np.ndarray
    small: list[Planes]
    less: list[Planes]
    sizes: Sizes


class Looked(NamedTuple):
    """What a look at images finds.

    Args:
        config: The configuration, with all that follows from the images.
        background: What fits the ground.
        prepared: The images as the model sees them.
        sizes: How large their objects are.
        exposure_spread: Standard deviation of the logarithm of contrasts between images, robust.
    """

    config: PatchConfig
    background: FittedBackground
    prepared: list[Prepared]
    sizes: Sizes
    exposure_spread: float


def first_look(images: Sequence[np.ndarray], config: PatchConfig) -> First:
    """Look at images, reduced in size: choose the ground, and estimate sizes.

    Args:
        images: The images.
        config: What is wanted; the ground is chosen if it says "auto".

    Raises:
        InputError: If there is a picture of the ground that cannot be read, or is of another shape
            than the images; or "set" is wanted, and the images have no ground in common; or
            "learnt" is, and they are too few.
    """
    small = [reduced(with_channels(image, config.channels)) for image in images]
    if config.background_image:
        grounds = _given_ground(config, images)
        config = replace(config, background="set")
    else:
        grounds = grounds_of([inside(x, config.region) for x in small])
    if config.background == "auto":
        config = replace(config, background="set" if grounds.are_of_the_set else "smooth")
    if config.background == "set" and not len(grounds.templates):
        why = "they have none in common"
        if len(small) < FEWEST:
            why = f"there are {len(small)} images to train on"
        elif len({one.shape for one in small}) > 1:
            why = "they are of several shapes"
        raise InputError(
            f"--background set is a ground that {FEWEST} images or more share, and {why}; leave it "
            "out, or give smooth or flat"
        )
    pictures = grounds.templates
    if config.background == "learnt":
        if len(small) < LEAST:
            raise InputError(
                f"--background learnt learns from {LEAST} images or more, beside one in ten that "
                f"is held out, and there are {len(small)}; leave it out, or give smooth or flat"
            )
        pictures = learn([inside(x, config.region) for x in small])
    background = background_of(config, pictures)
    less = [
        less_ground(config, background, x, image.shape[:2])
        for x, image in zip(small, images, strict=True)
    ]
    return First(config, background, grounds, pictures, small, less, object_sizes(less))


def look(
    named: Sequence[tuple[str, np.ndarray]], config: PatchConfig, first: First | None = None
) -> Looked:
    """Look at images: choose the ground, estimate sizes, and calibrate.

    Args:
        named: The images, each with where it came from.
        config: What is wanted; what says "auto", and the object size if it is empty, is chosen.
        first: A first look at these images and others of their kind; None if there was none.

    Raises:
        InputError: If the images show nothing but their ground, or objects do not fit into one.
    """
    images = [image for _, image in named]
    first = first or first_look(images, config)
    config, background, sizes = first.config, first.background, first.sizes
    pictures = first.pictures
    if not sizes.typical and not config.object_size:
        raise InputError(
            "nothing stands out of the ground of the images, so that no object size can be "
            "estimated; give --object-size"
        )
    if not config.object_size:
        if sizes.box > 1.0:
            raise InputError(
                f"objects seem to be {sizes.box:.1f} times as large as the images, so something "
                "else was taken for one; give --object-size"
            )
        config = replace(config, object_size=f"{sizes.box:.4g}")
    if config.sizes == "auto":
        config = replace(config, sizes="mixed" if sizes.are_mixed else "alike")
    short = float(np.median([min(image.shape[:2]) for image in images]))
    known = Calibration(size=round(sizes.typical, 4), short_side=short)
    config = replace(config, calibration=known)
    if config.background == "set":
        # In the size that images are scaled to.
        size = inside_size(frame_of(config).size(images[0].shape[:2]), config.region)
        pictures = np.stack([resample(one, size) for one in pictures])
        background = background_of(config, pictures)
    if config.background in FROM_PICTURES:
        config = replace(config, template_shape=pictures.shape)

    # First as if all were exposed alike: their contrasts say whether they are.
    wanted, config = config.exposure, replace(config, exposure="alike")
    prepared = [prepare(config, background, image, name) for name, image in named]
    of_each = contrasts([one.less for one in prepared], config)
    logs = np.log(np.maximum(of_each, 1e-4))
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    if wanted == "mixed" or wanted == "auto" and spread > MIXED:
        typical = float(np.median(of_each))
        known = replace(config.calibration, contrast=typical)
        config = replace(config, exposure="mixed", calibration=known)
        prepared = [prepare(config, background, image, name) for name, image in named]
    config = replace(config, calibration=calibrate([one.less for one in prepared], config))
    return Looked(config, background, prepared, sizes, spread)


def _given_ground(config: PatchConfig, images: Sequence[np.ndarray]) -> Grounds:
    """The ground that a picture shows."""
    pictures = load_images(config.background_image)
    if len(pictures) > 1:
        raise InputError(
            f"--background-image is {config.background_image}, which holds {len(pictures)} images; "
            "it should be one picture of the ground"
        )
    picture = pictures[0][1]
    height, width = picture.shape[:2]
    for image in images:
        # Sides are whole pixels, so shapes of two sizes agree to about that.
        if abs(image.shape[1] * height / width - image.shape[0]) > 2.0:
            raise InputError(
                f"--background-image is {width}x{height}, and an image {image.shape[1]}x"
                f"{image.shape[0]}: it should have the images' shape, and show what they do"
            )
    planes = inside(reduced(with_channels(picture, config.channels)), config.region)
    return Grounds(planes[None], 1.0, True)
