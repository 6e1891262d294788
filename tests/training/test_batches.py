"""Batches: pure, resumable, every item once an epoch, shares that make up the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airscene.errors import InputError
from airscene.training.batches import batch_indices

sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32)


@given(sizes, sizes, seeds, st.integers(0, 30), st.integers(0, 30))
def test_resumed_equals_uninterrupted(n_items, batch_size, seed, done, to_do):
    whole = batch_indices(n_items, batch_size, seed, 0, done + to_do)
    resumed = batch_indices(n_items, batch_size, seed, done, to_do)
    assert np.array_equal(whole[done:], resumed)
    assert resumed.shape == (to_do, batch_size) and resumed.dtype == np.int32


@given(sizes, sizes, seeds)
def test_each_epoch_holds_every_item_once(n_items, batch_size, seed):
    epochs = 3
    steps = -(-epochs * n_items // batch_size)
    stream = batch_indices(n_items, batch_size, seed, 0, steps).ravel()[: epochs * n_items]
    for epoch in stream.reshape(epochs, n_items):
        assert np.array_equal(np.sort(epoch), np.arange(n_items))


@given(sizes, st.integers(1, 8), st.integers(1, 5), seeds)
def test_shares_side_by_side_are_the_batch(n_items, share, processes, seed):
    whole = batch_indices(n_items, share * processes, seed, 7, 4)
    shares = [
        batch_indices(n_items, share * processes, seed, 7, 4, process, processes)
        for process in range(processes)
    ]
    assert np.array_equal(np.concatenate(shares, axis=1), whole)


def test_seeds_and_epochs_differ():
    first = batch_indices(1000, 1000, 0, 0, 2)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, batch_indices(1000, 1000, 1, 0, 2))


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 8, 0, 0, 1),
        (10, 0, 0, 0, 1),
        (10, 8, -1, 0, 1),
        (10, 8, 0, -1, 1),
        (10, 8, 0, 0, -1),
        (10, 8, 0, 0, 1, 0, 3),
        (10, 8, 0, 0, 1, 2, 2),
        (10, 8, 0, 0, 1, -1, 2),
        (10, 8, 0, 0, 1, 0, 0),
    ],
)
def test_out_of_range(arguments):
    with pytest.raises(InputError, match="should"):
        batch_indices(*arguments)
