"""Strong generalisation: numbers of digits never seen in training (paper, Fig. 4 and Table 1)."""

from dataclasses import replace

from airscene.experiments.multi_mnist import FULL

AIR_013 = replace(
    FULL,
    name="multi-mnist-013",
    about="Multi-MNIST of 0, 1 or 3 digits, to test on 2: interpolation (Fig. 4).",
    example="--out runs/interpolation",
    data=replace(FULL.data, counts=(0, 1, 3)),
)
