"""Multi-MNIST: AIR counts, locates and redraws digits (paper, section 3.1 and Fig. 3)."""

from airscene.experiments.preset import DataConfig, Preset
from airscene.experiments.quick import quick
from airscene.experiments.result import Result
from airscene.experiments.trained import count_lines, draw_training, training_units
from airscene.model.config import AIRConfig
from airscene.training.config import TrainConfig

FAST = Preset(
    name="multi-mnist-fast",
    about="Multi-MNIST in under a minute: what `make demo` runs. Expect 98% of counts or more.",
    example="--digits bundled --seed 2 --out runs/second",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(sigma=0.0),
    training=TrainConfig(),
)

FULL = Preset(
    name="multi-mnist",
    about="Multi-MNIST in full, the bundled weights. Expect 99.6% of counts or more.",
    example="--out runs/mnist",
    data=DataConfig(kind="multi-mnist"),
    model=AIRConfig(count_prior="geometric(0.1)", n_cells=20, n_look=192, n_layer=384),
    # What the looser prior lowers the price of an object by, the annealing adds: 2.3 nats.
    training=TrainConfig(
        steps=10_000,
        learning_rate=3e-3,
        price=0.0155,
        price_release=(0.4, 0.8),
        prefix_release=(0.1, 0.2),
    ),
)


def multi_mnist(quickly: bool = False) -> Result:
    """Counting, locating and redrawing digits (Fig. 3)."""
    units = training_units(FAST, range(1, 21)) + training_units(FULL, range(1, 6))
    if quickly:
        units = training_units(quick(FAST), [1]) + training_units(quick(FULL), [1])
    return Result(
        name="multi-mnist",
        about="Counting, locating and redrawing digits (Fig. 3): the fast preset and the full one.",
        paper="Counts near 100% in the plot of Fig. 3; free energy -620 (Table 1)",
        targets=(
            "fast: 98% of counts in every run, in a median of at most 35 s; full: a median of "
            "99.6% of counts, average precision 0.97, ELBO and log p(x) 612 nats"
        ),
        units=units,
        ours=count_lines,
        draw=draw_training,
    )
