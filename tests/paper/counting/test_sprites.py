"""The overlap test: which scenes show that there are two; presets that differ in nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from airscene.images import sprites
from airscene.images.estimates import estimate_brightness
from airscene.images.sets.sprites import BRIGHTNESS
from airscene.paper.counting.sprites import nearest_single, overlapping
from airscene.runs.presets.images import SPRITES, SPRITES_DAIR


def test_a_scene_of_one_is_no_distance_from_itself():
    one = sprites(40, seed=1, counts=(1,), overlapping="over")
    twice = replace(
        one, labels=np.repeat(one.labels, 2, axis=1), boxes=np.repeat(one.boxes, 2, axis=1)
    )
    # Far below what tells two from one: 10 nats are 0.8 of it, at a deviation of 0.2.
    assert nearest_single(twice, 255).max() < 0.4


@pytest.mark.parametrize("how", BRIGHTNESS)
def test_two_are_further_from_one_the_less_they_overlap(how):
    hard = sprites(120, seed=2, counts=(2,), overlapping=how, least_overlap=0.5)
    far = nearest_single(hard, BRIGHTNESS[how])
    within = hard.overlaps > 0.999
    if how == "sum":
        # The ink of the second is there twice, whatever the first hides elsewhere.
        assert far.min() > 5.0
    else:
        assert within.sum() > 2 and far[within].max() < 1.0
        assert far[hard.overlaps < 0.7].min() > 0.5
        assert np.corrcoef(far, hard.overlaps)[0, 1] < -0.6


@pytest.mark.parametrize("preset", [SPRITES, SPRITES_DAIR])
def test_one_recipe_for_all_three(preset):
    assert overlapping(preset, "sum") is preset
    # What is estimated of full brightness is, of half-white sprites, what the preset says.
    estimated = estimate_brightness(sprites(1000, seed=3).images)
    assert estimated == pytest.approx(preset.model.brightness, abs=0.005)
    for how in ("clip", "over"):
        other = overlapping(preset, how)
        assert other.override(n_train=100, n_test=1).load()[0].model.brightness == 1.0
        assert other.name == f"{preset.name}-{how}" and other.training == preset.training
        alike = replace(other.model, composition="sum", brightness=preset.model.brightness)
        assert alike == preset.model and other.model.brightness == 0.0
        assert replace(other.data, overlapping="sum") == preset.data
        assert other.number == preset.number
