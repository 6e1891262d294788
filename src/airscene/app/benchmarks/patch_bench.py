"""The part of `make bench` that is of images of one's own: a training step, and a scan."""

import time
from collections.abc import Generator, Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from airscene.app.benchmarks.bench_row import Row, bench_row
from airscene.images.crops import cut_crops
from airscene.images.own import OwnConfig
from airscene.inference.patches.propose import Patches, Proposed, propose, run_together
from airscene.inference.patches.scan import scan
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.look import Looked, look
from airscene.runs.presets.own import IMAGES
from airscene.runs.tasks.own import CROP
from airscene.training.batches import batch_indices
from airscene.training.patches import objective_of
from airscene.training.state import initial_state, make_run

# Updates that are timed at once, how often everything is timed, and crops that are cut.
STEPS, ROUNDS, CROPS = 10, 5, 500


def patch_rows() -> Iterator[Row]:
    """Make the rows, of the photographs that come with the package and untrained weights.

    What weights have learnt decides how many objects are found, not what a proposal costs.
    """
    images = OwnConfig(example=True).load()
    began = time.perf_counter()
    looked = look([images[k] for k in range(len(images.named))], IMAGES.model)
    yield bench_row("images --example, the look before training", time.perf_counter() - began, "s")
    air = PatchAIR(looked.config, key=jax.random.key(0))
    yield training(air, looked)
    yield scanning(air, looked)


def training(air: PatchAIR, looked: Looked) -> Row:
    """One update on a batch of crops."""
    config = IMAGES.training
    side = int(CROP * air.config.pixels)
    crops = jnp.asarray(cut_crops([one.less for one in looked.prepared], CROPS, side, 0))
    run = make_run(air, config, (crops,), objective_of(config))
    indices = batch_indices(CROPS, config.batch_size, 0, 0, STEPS)
    state, times = initial_state(air, config), []
    for _ in range(1 + ROUNDS):
        began = time.perf_counter()
        state, value = run(state, indices, STEPS)
        jax.block_until_ready(value)
        times.append((time.perf_counter() - began) / STEPS)
    what = f"training step, images --example, batch {config.batch_size}"
    return bench_row(what, float(np.median(times[1:])) * 1e3, "ms")


def scanning(air: PatchAIR, looked: Looked) -> Row:
    """A whole image, beside the proposals that it takes and nothing else."""
    asked: list[Patches] = []

    def watched(image: np.ndarray) -> Generator[Patches, Proposed, None]:
        scanned = scan(air, image)
        try:
            patches = next(scanned)
            while True:
                asked.append(patches)
                patches = scanned.send((yield patches))
        except StopIteration:
            return

    images = [one.less for one in looked.prepared]
    list(run_together(air, map(watched, images)))
    batch = Patches(*(np.concatenate(arrays) for arrays in zip(*asked, strict=True)))
    whole, alone = [], []
    # By turns, so that a slow moment of the machine falls on both.
    for _ in range(ROUNDS):
        for times, call in (
            (whole, lambda: list(run_together(air, map(partial(scan, air), images)))),
            (alone, lambda: propose(air, batch)),
        ):
            began = time.perf_counter()
            call()
            times.append((time.perf_counter() - began) / len(images))
    what = "inference of a photograph of images --example, its ground taken off"
    floor = f"its {len(batch.near) / len(images):.0f} proposals alone"
    return bench_row(
        what, float(np.median(whole)) * 1e3, "ms", floor, float(np.median(alone)) * 1e3
    )
