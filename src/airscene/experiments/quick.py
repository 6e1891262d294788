"""The quick version of a result: the same protocol, scaled down to a minute or two."""

from airscene.experiments.preset import Preset


def quick(preset: Preset, steps: int = 300) -> Preset:
    """Scale a preset down: the bundled digits, few scenes, few steps.

    Args:
        preset: The preset.
        steps: Number of updates.

    Returns:
        The preset, of the same name.
    """
    n_train, n_test = min(preset.data.n_train, 4000), min(preset.data.n_test, 300)
    return preset.override(
        **({"digits": "bundled"} if preset.data.kind.startswith("multi-mnist") else {}),
        n_train=n_train,
        n_test=n_test,
        steps=steps,
        evaluate_every=steps // 3,
        save_every=steps // 3,
    )
