"""A short training on images of one's own, used on images of any size and any number of objects."""

import io
import pickle
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from airscene import load
from airscene.errors import InputError
from airscene.inference import PatchModel
from airscene.inference.patches.in_images import count_probs
from airscene.inference.patches.propose import run_together
from airscene.inference.patches.scan import scan
from airscene.model.stored import with_config
from airscene.model.weights import save_weights
from airscene.runs.fit import fit
from airscene.scene import label_image

from .conftest import SMALL, discs


def held_out(n: int = 30):
    rng = np.random.default_rng(1)
    return [discs(int(rng.integers(0, 7)), (90, 110), 500 + k) for k in range(n)]


def test_it_counts_and_locates(trained):
    truth = held_out()
    scenes = trained.infer([one.image for one in truth])
    wanted = np.array([len(one.centres) for one in truth])
    guess = np.abs(wanted - np.median(wanted)).mean()
    assert np.abs(scenes.counts - wanted).mean() < 0.3 < 0.5 * guess
    for scene, one in zip(scenes, truth, strict=True):
        boxes = np.array([thing.box for thing in scene.objects]).reshape(-1, 4)
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        if len(boxes) and len(one.centres):
            apart = np.hypot(*(centres[:, None] - one.centres[None]).transpose(2, 0, 1))
            assert np.median(apart.min(axis=1)) < 2.0
        assert scene.image_size == (90, 110)
        assert scene.count_probs.sum() == pytest.approx(1.0)
        assert scene.count_probs.argmax() == scene.count


def test_whole_images_have_any_number_of_objects(trained):
    """Trained with five steps on crops, it finds forty objects; cropped, the same ones."""
    one = discs(40, (260, 300), 9)
    (scene,) = trained.infer(one.image)
    assert abs(scene.count - 40) <= 2
    (part,) = trained.infer(one.image[:130, :150])
    inside = (one.centres < np.array([150, 130]) + one.radii[:, None] * 0.5).all(axis=1).sum()
    assert abs(part.count - inside) <= 2


def test_masks_cover_the_objects(trained):
    one = discs(5, (100, 100), 77)
    (scene,) = trained.infer(one.image)
    labels = label_image(scene, (100, 100))
    y, x = np.mgrid[:100, :100] + 0.5
    true = (
        np.hypot(x[..., None] - one.centres[:, 0], y[..., None] - one.centres[:, 1]) < one.radii
    ).any(axis=-1)
    overlap = (true & (labels > 0)).sum() / (true | (labels > 0)).sum()
    assert overlap > 0.6


def test_scenes_are_drawn_again(trained):
    one = discs(4, (90, 100), 5)
    scenes = trained.infer(one.image)
    drawn = trained.render_one(scenes[0])
    prepared = trained.prepare(one.image)[1][0]
    scaled = np.moveaxis(prepared.scaled, 0, 2)
    assert drawn.shape == scaled.shape
    # Better than the ground alone, by far.
    ground = trained.air.background.draw(prepared.ground, scaled.shape[:2])
    alone = np.square(scaled - np.moveaxis(ground, 0, 2)).mean()
    assert np.square(scaled - drawn).mean() < 0.35 * alone
    # And as the scan saw it.
    (found,) = trained.explain([prepared])
    seen = np.clip(ground + prepared.exposure * found.canvas, 0, 1)
    assert np.abs(drawn - np.moveaxis(seen, 0, 2)).max() < 0.02


def test_several_images_are_as_each_alone(trained):
    images = [discs(k % 5, (70 + 10 * (k % 2), 90), k).image for k in range(5)]
    together = trained.infer(images)
    alone = [trained.infer(image)[0] for image in images]
    assert together.counts.tolist() == [scene.count for scene in alone]


def test_gains_are_what_the_image_loses_without_an_object(trained):
    prepared = trained.prepare(discs(6, (90, 110), 3).image)[1][0]
    (found,) = run_together(trained.air, [scan(trained.air, prepared.less)])
    deficit = trained.air.likelihood.deficit
    pad = len(found.objects[0].mask)
    whole = deficit(prepared.less - found.canvas).sum()
    for one in found.objects:
        canvas = np.pad(np.zeros_like(prepared.less), ((0, 0), (pad, pad), (pad, pad)))
        for other in found.objects:
            if other is not one:
                here = (slice(None), *other.square)
                canvas[here] = trained.air.composition.add(canvas[here], other.drawn, other.mask)
        without = deficit(prepared.less - canvas[:, pad:-pad, pad:-pad]).sum()
        assert one.gain == pytest.approx(without - whole, rel=1e-3, abs=0.05)


def test_samples_and_draws(trained):
    images = trained.sample(0, 3, [2])
    assert images.shape == (3, 80, 80, 3) and images.std() > 0.0
    scenes = trained.infer(discs(3, (80, 80), 4).image, samples=3, seed=1)
    assert [scene.sample for scene in scenes] == [0, 1, 2]
    again = trained.infer(discs(3, (80, 80), 4).image, samples=3, seed=1)
    assert scenes.to_json() == again.to_json()


def test_it_is_read_and_pickled_as_it_was(trained, tmp_path):
    save_weights(trained.air, tmp_path / "x.safetensors", unlike=trained.typical.to_json())
    image = discs(4, (80, 90), 8).image
    wanted = trained.infer(image).images[0].to_dict()
    for again in (load(tmp_path / "x.safetensors"), pickle.loads(pickle.dumps(trained))):
        assert again.infer(image).images[0].to_dict() == wanted


def test_prices_in_use_decide_how_much_is_found(trained):
    images = [one.image for one in held_out(6)]
    usual, c = trained.infer(images).counts, trained.air.config
    same = trained.with_prices(c.object_price, c.edge_price)
    assert np.array_equal(same.infer(images).counts, usual)
    assert trained.with_prices(object_price=0.0, edge_price=0.0).infer(images).counts.sum() >= sum(
        usual
    )
    assert trained.with_prices(object_price=10.0).infer(images).counts.sum() == 0
    with pytest.raises(InputError, match="object-price"):
        trained.with_prices(object_price=-1.0)


def test_nothing_is_found_beyond_a_region(trained):
    one = discs(14, (120, 200), 21)
    region = (0.5, 0.0, 1.0, 1.0)
    config = replace(trained.air.config, region=region)
    (scene,) = PatchModel(with_config(trained.air, config), "right").infer(one.image)
    centres = np.array([(o.box[0] + o.box[2]) / 2 for o in scene.objects])
    assert (centres > 98).all()
    whole = one.centres[one.centres[:, 0] > 100 + one.radii]
    touched = (one.centres[:, 0] > 100 - one.radii).sum()
    assert len(whole) <= scene.count <= touched and len(whole) >= 4
    # In pixels of the image, not of the region.
    boxes = np.array([thing.box for thing in scene.objects])
    found = (boxes[:, :2] + boxes[:, 2:]) / 2
    apart = np.hypot(*(whole[:, None] - found[None]).transpose(2, 0, 1))
    assert apart.min(axis=1).max() < 3.0
    labels = label_image(scene, (120, 200))
    assert not labels[:, :98].any() and labels.any()


def test_what_is_beyond_a_region_changes_nothing(trained):
    """Not the objects, and not whether the image is like those of training."""
    image = discs(8, (100, 160), 22).image
    config = replace(trained.air.config, region=(0.0, 0.0, 0.5, 1.0))
    model = PatchModel(with_config(trained.air, config), "left", trained.typical)
    noisy = image.copy()
    noisy[:, 80:] = np.random.default_rng(0).random((100, 80, 3))
    for before, after in zip(model.infer(image), model.infer(noisy), strict=True):
        assert before.count == after.count
        assert before.unlike.score == pytest.approx(after.unlike.score, abs=0.02)
        assert [o.box for o in before.objects] == [o.box for o in after.objects]


def test_a_region_that_is_smaller_than_an_object_is_told(trained):
    config = replace(trained.air.config, region=(0.0, 0.0, 0.05, 0.05))
    model = PatchModel(with_config(trained.air, config), "tiny")
    with pytest.raises(InputError, match="the region of interest is smaller than an object"):
        model.infer(discs(3, (100, 100), 1).image)


def test_the_edge_of_a_region_cuts_objects_off(trained):
    """So that they cost what cut objects do."""
    config = replace(trained.air.config, region=(0.0, 0.0, 0.5, 1.0), edge_price=1e6)
    image = np.full((60, 120, 3), 0.5, np.float32)
    y, x = np.mgrid[:60, :120]
    for centre in (20, 60):
        image[np.hypot(x - centre, y - 30) < 8] = (0.9, 0.1, 0.4)
    (scene,) = PatchModel(with_config(trained.air, config), "left").infer(image)
    assert [round((o.box[0] + o.box[2]) / 2 / 10) for o in scene.objects] == [2]


def test_a_region_is_trained_in_and_kept(tmp_path):
    """With a ground of the set, which is then that of the region; beyond it is noise."""
    images, (y, x) = [], np.mgrid[:60, :100]
    for k in range(8):
        image, rng = np.full((60, 100, 3), 0.5, np.float32), np.random.default_rng(k)
        image[5:8] = 0.2
        for centre in rng.uniform((40, 18), (90, 50), (2, 2)):
            image[np.hypot(x - centre[0], y - centre[1]) < 6] = rng.random(3)
        image[:, :30] = rng.random((60, 30, 3))
        images.append(image)
    few = {**SMALL, "steps": 2, "evaluate_every": 2, "save_every": 2}
    options = {"object_size": "16px", "region": (0.3, 0.0, 1.0, 1.0), "background": "set", **few}
    console = Console(file=io.StringIO())
    made = fit("images", tmp_path / "run", images=images, console=console, **options)
    again = load(tmp_path / "run")
    assert again.air.config.region == (0.3, 0.0, 1.0, 1.0)
    assert again.air.config.calibration.noise < 0.01
    assert np.array_equal(again.air.background.inner.templates, made.air.background.inner.templates)
    assert again.render_one(again.infer(images[0])[0]).shape[2] == 3
    different = [discs(4, (60, 100), k).image for k in range(8)]
    with pytest.raises(InputError, match="have none in common"):
        fit("images", tmp_path / "x", images=different, console=console, **options)


def test_an_image_that_is_too_small_is_told(trained):
    with pytest.raises(InputError, match="10x8 pixels, and an object 16: objects should fit"):
        trained.infer(np.zeros((8, 10, 3), np.float32))
    damaged = []
    scenes = trained.infer(
        [np.zeros((8, 10, 3), np.float32), discs(2, (80, 80), 1).image], damaged=damaged
    )
    assert len(scenes) == 1 and len(damaged) == 1 == len(scenes.damaged)


def test_counts_of_objects_that_are_there_each_by_itself():
    presence = [0.9, 0.5, 0.2]
    probs = count_probs(presence)
    rng = np.random.default_rng(0)
    drawn = (rng.random((200_000, 3)) < presence).sum(axis=1)
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    assert np.allclose(probs, shares, atol=4 * np.sqrt(0.25 / len(drawn)))
    assert count_probs([]).tolist() == [1.0]


def flagged(trained, images) -> float:
    return float(np.mean([scene.unlike.flag for scene in trained.infer(images)]))


def test_it_knows_what_is_unlike_its_training(trained):
    rng, held = np.random.default_rng(0), held_out(20)
    assert flagged(trained, [one.image for one in held]) <= 0.15
    noise = rng.normal(0, 0.15, (8, 90, 110, 3)) + 0.5
    assert flagged(trained, list(np.clip(noise, 0, 1).astype(np.float32))) == 1.0
    full = [one.image for one in held if len(one.centres) > 1][:8]
    assert flagged(trained, [np.repeat(np.repeat(x, 2, 0), 2, 1) for x in full]) > 0.8
    assert flagged(trained, [x[::2, ::2] for x in full]) > 0.8
    noisy = [np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1).astype(np.float32) for x in full]
    assert flagged(trained, noisy) == 1.0
    (scene,) = trained.infer(noisy[0])
    assert scene.unlike.score > 1.0 and "noise" in scene.unlike.reason


@pytest.mark.slow
def test_a_run_starts_from_another(trained, tmp_path):
    """One update after it, it counts as the run before did; alone, it would count nothing right."""
    from airscene.runs.fit import fit

    rng = np.random.default_rng(2)
    images = [discs(int(rng.integers(0, 7)), (80, 100), 900 + k).image for k in range(20)]
    before = tmp_path / "before.safetensors"
    save_weights(trained.air, before)
    few = {**SMALL, "steps": 2, "evaluate_every": 2, "save_every": 2, "learning_rate": 1e-6}
    quiet = Console(file=io.StringIO())
    options = {**few, "images": images, "object_size": "16px", "console": quiet}
    after = fit("images", tmp_path / "run", from_run=str(before), **options)
    truth = held_out(10)
    wanted = np.array([len(one.centres) for one in truth])
    counts = after.infer([one.image for one in truth]).counts
    assert np.abs(counts - wanted).mean() < 0.5
    with pytest.raises(InputError, match="whose networks are of another form"):
        fit("images", tmp_path / "x", from_run=str(before), **{**options, "n_what": 5})
    assert not (tmp_path / "x").exists()
