"""Objects change places: what is described of them does too, and the model is not moved."""

import jax
import numpy as np
import pytest

from airscene.inference.infer import Inferred
from airscene.paper.counting.exchangeable import GROUPS, described_pairs, exchangeable, moved


@pytest.fixture
def two():
    rng = np.random.default_rng(0)
    sizes = {"log_q": (4,), "z_where": (3, 3), "z_what": (3, 2), "boxes": (3, 4), "windows": (3, 4)}
    return Inferred(**{k: rng.normal(size=(50, *s)).astype(np.float32) for k, s in sizes.items()})


def test_features_change_places_with_their_objects(two):
    labels = np.random.default_rng(1).integers(0, 3, (50, 2))
    found = described_pairs(two, labels)
    assert list(found) == list(GROUPS)
    exchanged = two._replace(z_where=two.z_where[:, [1, 0, 2]], z_what=two.z_what[:, [1, 0, 2]])
    for group, parts in described_pairs(exchanged, labels[:, ::-1]).items():
        for part, other in zip(parts, found[group], strict=True):
            assert (part is None and other is None) or np.array_equal(part[:, ::-1], other)
    assert np.array_equal(found["code"][0][..., :2], two.z_what[:, :2].astype(float))


@pytest.mark.parametrize("composition", ["sum", "over"])
def test_likelihood_is_moved_only_where_objects_cover_each_other(tiny, two, composition):
    air = tiny(object_size=0.9, composition=composition)
    images = np.asarray(jax.random.uniform(jax.random.key(0), (50, 1, 12, 12)))
    by = moved(air, images, two._replace(z_where=0.3 * two.z_where))
    assert (by < 1e-2) == (composition == "sum")


def test_every_row_has_its_claim():
    made = exchangeable()
    assert {unit.run for unit in made.units} == {claim.run for claim in made.claims if claim.run}
