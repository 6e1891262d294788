"""Digits that need no network."""

import pytest

from airscene.data import Digits, load_digits


@pytest.fixture(scope="session")
def digits() -> Digits:
    return load_digits("train", "bundled")
