"""Films: what is filmed is what the model infers."""

import equinox as eqx
import jax
import numpy as np

from airscene.inference import Model
from airscene.paper.counting.films import films, inferences


def test_canvases_grow_object_by_object(tiny):
    # At first, a model finds objects unlikely; this one does not.
    air = tiny(seed=1)
    air = eqx.tree_at(lambda a: a.where.head.bias, air, replace_fn=lambda b: b.at[0].set(1.0))
    model = Model(air, "tiny")
    images = np.asarray(jax.random.bits(jax.random.key(0), (5, 12, 12), np.uint8))
    scenes = model.infer(images)
    assert scenes.counts.max() > 1
    whole, filmed = model.render(scenes), inferences(model, images)
    for inference, scene, image, canvas in zip(filmed, scenes, images, whole, strict=True):
        assert np.allclose(inference.image, image / 255)
        assert np.allclose(inference.windows, [o.window for o in scene.objects], atol=1e-4)
        assert np.allclose(inference.probs, scene.count_probs)
        assert len(inference.canvases) == scene.count + 1 and not inference.canvases[0].any()
        assert np.allclose(inference.canvases[-1], canvas, atol=1e-4)


def test_the_largest_film_is_of_all_rows_that_were_made():
    (claim,) = (claim for claim in films().claims if "largest" in claim.what)
    sizes = [{"learning": 250_000, "inference": 90_000}, {"learning": 80_000, "inference": 310_000}]
    made = [{"run": "multi-mnist", "seed": 1, "finished": True, "bytes": size} for size in sizes]
    failed = {"run": "sprites", "seed": 1, "finished": False}
    assert claim.verdict([made[0], failed]) == "met"
    assert claim.verdict([*made, failed]) == "missed by 10 KB"
    assert claim.verdict([failed]) == "not made"
