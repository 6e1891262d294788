"""What is typical of the images of training: measured when a model is trained, and anew.

`python -m airscene.runs.calibrate NAME ...` measures it for bundled weights and writes it into
their files, in which no tensor changes; of all of them if no name is given.
"""

import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Shaped

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.images.sets import DATA_SETS
from airscene.images.sets.data_set import options_of
from airscene.images.truth import LabelledScenes
from airscene.inference.measures import calibrate
from airscene.inference.model import Model
from airscene.model.air import AIR
from airscene.model.bundled import bundled_models
from airscene.model.unlike import LEAST_IMAGES, Typical
from airscene.model.weights import load_weights, with_metadata
from airscene.runs.preset import Preset
from airscene.runs.presets import PRESETS
from airscene.training.augment import augment

# Images that are measured: half of them say what is typical, and half where the score is 1.
IMAGES = 6000

# What is added to the seed of the scenes of training, so that they are others of the same objects.
OTHER_SCENES = 1000


def typical_images(
    preset: Preset, training: LabelledScenes | None = None
) -> Shaped[np.ndarray, "n *shape"]:
    """Return images like those of training, in a random order.

    Where scenes are drawn, they are other scenes of the same digits. Otherwise they are the images
    of training themselves, the second half of them mirrored: what is learnt by heart leaves less
    than what was never seen. Where training changes images, a share of them is changed so too.

    Args:
        preset: The images and the training.
        training: The scenes of training, if they are loaded.
    """
    data, changed = preset.data, preset.training.augment
    if "data_seed" in options_of(DATA_SETS[data.kind]):
        n = min(IMAGES, data.n_train)
        other = replace(data, data_seed=data.data_seed + OTHER_SCENES, n_train=n)
        images = other.load("train").images
    else:
        images = (training or data.load("train")).images
        images = images[np.random.default_rng(0).permutation(len(images))[:IMAGES]]
        half = len(images) // 2
        images = np.concatenate([images[:half], images[half:, :, ::-1]])
    if not changed:
        return images
    planes = images[:, None] if images.ndim == 3 else np.moveaxis(images, 3, 1)
    keys = jax.random.split(jax.random.key(0), len(images))
    some = jax.jit(jax.vmap(lambda image, key: augment(image, changed, key)))
    planes = np.asarray(some(jnp.asarray(planes, jnp.float32) / 255.0, keys))
    return planes[:, 0] if images.ndim == 3 else np.moveaxis(planes, 1, 3)


def calibrate_on(model: AIR, images: Shaped[np.ndarray, "n *shape"]) -> Typical | None:
    """Measure what is typical of images; None if there are too few of them to tell."""
    half = len(images) // 2
    if half < LEAST_IMAGES:
        return None
    prepared = Model(model, "training").prepare(images)[1]
    # Through JSON, so that a model says the same before and after it is loaded.
    return Typical.from_json(calibrate(model, prepared[:half], prepared[half:]).to_json())


def main(names: list[str]) -> None:
    """Write what is typical of the images of training into the files of bundled weights.

    Raises:
        InputError: If there are no such weights of images.
    """
    files = bundled_models()
    known = [name for name in files if isinstance(PRESETS.get(name), Preset)]
    if unknown := sorted(set(names) - set(known)):
        raise InputError(f"no bundled weights {', '.join(unknown)}; give {', '.join(known)}")
    for name in names or known:
        preset = PRESETS[name]
        assert isinstance(preset, Preset)
        typical = calibrate_on(load_weights(files[name]), typical_images(preset))
        said = None if typical is None else typical.to_json()
        write_atomic(files[name], with_metadata(files[name].read_bytes(), unlike=said))
        print(f"{files[name]}: {'too few images' if typical is None else 'calibrated'}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"airscene: {error}")
