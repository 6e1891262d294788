"""Which items make up each training batch: a pure function of seed and step."""

import numpy as np
from jaxtyping import Int32

from airscene.errors import InputError


def batch_indices(
    n_items: int,
    batch_size: int,
    seed: int,
    first_step: int,
    n_steps: int,
    process_index: int = 0,
    process_count: int = 1,
) -> Int32[np.ndarray, "n_steps share"]:
    """The items, 0..n_items - 1, of the batches of steps first_step .. first_step + n_steps - 1.

    The epochs are permutations of the items, each drawn from (seed, epoch), laid end to end;
    step s takes places s * batch_size, ..., (s + 1) * batch_size - 1 of that stream. So a batch
    may straddle two epochs, none is left short, and as nothing depends on the steps asked for
    before, a resumed run sees the batches of the uninterrupted one.

    Args:
        n_items: the number of items in the data set.
        batch_size: items a step, over all processes; a multiple of `process_count`.
        seed: decides the permutations.
        first_step: the first step wanted, counted from 0.
        n_steps: how many steps.
        process_index: which share: the shares of all processes, side by side, are the batch.
        process_count: the number of processes.

    Raises:
        InputError: if an argument is out of range.
    """
    if n_items < 1:
        raise InputError("the data set is empty; it should hold at least one image")
    if batch_size < 1 or process_count < 1 or batch_size % process_count:
        raise InputError(
            f"the batch size is {batch_size}; it should be a positive multiple of the number of "
            f"processes, {process_count}"
        )
    if not 0 <= process_index < process_count:
        raise InputError(
            f"the process index is {process_index}; it should be in 0..{process_count - 1}"
        )
    if min(seed, first_step, n_steps) < 0:
        raise InputError(
            f"seed {seed}, first step {first_step} and number of steps {n_steps} should be >= 0"
        )
    places = first_step * batch_size + np.arange(n_steps * batch_size)
    epochs, offsets = np.divmod(places, n_items)
    items = np.empty(len(places), np.int32)
    for epoch in np.unique(epochs):
        permutation = np.random.default_rng((seed, int(epoch))).permutation(n_items)
        here = epochs == epoch
        items[here] = permutation[offsets[here]]
    share = batch_size // process_count
    return items.reshape(n_steps, process_count, share)[:, process_index]
