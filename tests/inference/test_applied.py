"""Functions of a model, compiled for batches: what they return, and when they are compiled anew."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from airscene.inference import Model
from airscene.inference.applied import Applied
from airscene.inference.infer import infer

IMAGES = np.random.default_rng(0).random((4, 1, 12, 12), np.float32)


def test_it_is_the_function_of_each_image(tiny):
    model, images = tiny(n_steps=2, object_size=0.33), IMAGES
    found = Applied(infer, model)(images)
    for i, image in enumerate(images):
        for ours, wanted in zip(found, infer(model, jnp.asarray(image)), strict=True):
            np.testing.assert_allclose(ours[i], wanted, rtol=1e-4, atol=1e-4)


def test_models_that_differ_in_weights_share_a_program_and_no_others(tiny):
    compiled = []

    def function(model, image):
        compiled.append(model.config.object_size)
        return image.sum() + jax.tree.leaves(eqx.filter(model, eqx.is_array))[0].sum()

    image = IMAGES[:1]
    model = tiny(n_steps=2, object_size=0.33)
    other = jax.tree.map(lambda x: x + 1.0 if eqx.is_array(x) else x, model)
    values = [float(Applied(function, one)(image)[0]) for one in (model, other)]
    assert compiled == [0.33] and values[0] != values[1]
    Applied(function, tiny(n_steps=2, object_size=0.25))(image)
    assert compiled == [0.33, 0.25]


def test_counts_alone_are_those_of_the_whole(tiny):
    model = Model(tiny(n_steps=2, object_size=0.33), "x")
    wanted = model.infer_arrays(IMAGES).log_q
    np.testing.assert_allclose(model.infer_counts(IMAGES), wanted, atol=1e-6)
