"""How unlike the images of training an image is: the distance, the flag, the reason, the JSON."""

import json

import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model.unlike import LEAST_IMAGES, LIKE, NOTHING_LIKE, NUMBERS, Typical, typical_of


def numbers(n: int, seed: int) -> np.ndarray:
    """Numbers of images of training: one depends on another, one is missing now and then."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(n, len(NUMBERS)))
    found[:, NUMBERS.index("ground")] = found[:, NUMBERS.index("noise")] = 0.0
    found[:, NUMBERS.index("largest")] = found[:, NUMBERS.index("smallest")]
    found[::3, NUMBERS.index("kl")] = np.nan
    return found


@pytest.fixture(scope="module")
def typical():
    return typical_of(numbers(3000, 0), numbers(3000, 1))


def changed(**values: float) -> np.ndarray:
    """The middle of all numbers, a few changed."""
    one = np.zeros((1, len(NUMBERS)))
    for name, value in values.items():
        one[0, NUMBERS.index(name)] = value
    return one


def test_one_in_a_hundred_images_of_training_is_flagged(typical):
    scores = typical.scores(numbers(20_000, 2))
    # Standard errors of the quantile and of the share.
    assert abs((scores > 1.0).mean() - 0.01) < 4 * np.hypot(0.1 / 3000**0.5, 0.1 / 20_000**0.5)
    judged = typical.judge(numbers(100, 3))
    assert [one.flag for one in judged] == [one.score > 1.0 for one in judged]
    assert {one.reason for one in judged if not one.flag} == {LIKE}


def test_a_number_that_is_missing_is_in_the_middle(typical):
    (nothing,), (middle,) = (
        typical.scores(changed(kl=np.nan)),
        typical.scores(changed(kl=typical.middle[NUMBERS.index("kl")])),
    )
    assert nothing == middle < 1.0


def test_what_depends_on_each_other_deviates_together(typical):
    """Three spreads of both are one deviation; of one and not the other they are more."""
    (both,) = typical.scores(changed(smallest=3.0, largest=3.0))
    (one,) = typical.scores(changed(smallest=3.0))
    assert one > 1.5 * both


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"ground": 0.3}, "the ground is brighter than in training"),
        ({"ground": 0.3, "residual": 500.0}, "the ground is brighter than in training"),
        ({"noise": 0.1}, "there is more noise than in training"),
        ({"smallest": -6.0, "largest": -6.0}, "objects are 403.4 times smaller than in training"),
        ({"count": 9.0}, "there are more objects than in training"),
        ({"missing": 20.0}, "more is left that no object explains than in training"),
        ({name: 90.0 for name in NUMBERS}, NOTHING_LIKE),
    ],
)
def test_the_reason_is_what_deviates(typical, values, reason):
    (judged,) = typical.judge(changed(**values))
    assert judged.flag
    # The middle of a size is next to 0, so that the ratio is next to the exponential.
    assert judged.reason.split()[:2] == reason.split()[:2]
    assert judged.reason.split()[4:] == reason.split()[4:]


def test_json(typical):
    text = typical.to_json()
    again = Typical.from_json(text)
    assert again.to_json() == text
    some = numbers(50, 5)
    np.testing.assert_allclose(again.scores(some), typical.scores(some), rtol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"numbers": ["ground", "else"]},
        {"threshold": 0.0},
        {"threshold": "much"},
        {"middle": [0.0]},
        {"above": [-1.0] * len(NUMBERS)},
        {"precision": [[1.0]]},
    ],
)
def test_json_of_something_else(typical, change):
    said = {**json.loads(typical.to_json()), **change}
    with pytest.raises(InputError, match="calibrate"):
        Typical.from_json(json.dumps(said))


def test_too_few_images():
    with pytest.raises(InputError, match="too few"):
        typical_of(numbers(LEAST_IMAGES - 1, 0), numbers(1000, 1))
