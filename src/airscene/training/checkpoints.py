"""Checkpoints of the training state, written whole or not at all (Orbax)."""

import logging
from pathlib import Path

import jax
import orbax.checkpoint as ocp

from airscene.errors import InputError
from airscene.model.stored import stored_leaves
from airscene.training.state import TrainState

# The side that the difference network prefers was held beside the weights, and is no weight now.
_GONE = ".posterior.preferred"


class Checkpoints:
    """The last checkpoints of one run, in a folder that is made if it does not exist."""

    def __init__(self, folder: Path):
        options = ocp.CheckpointManagerOptions(
            max_to_keep=2, enable_async_checkpointing=False, create=True
        )
        self._manager = ocp.CheckpointManager(
            folder.absolute(), options=options, item_handlers=ocp.StandardCheckpointHandler()
        )

    def save(self, state: TrainState) -> None:
        """Write the state, unless the newest checkpoint is of the same step.

        Raises:
            InputError: If it cannot be written; the checkpoints before it stay.
        """
        if int(state.step) == self._manager.latest_step():
            return
        try:
            # By the names of weights in files, as those of attributes may change.
            tree = {"state": stored_leaves(state)}
            self._manager.save(int(state.step), args=ocp.args.StandardSave(tree), force=True)
        except Exception as error:  # Orbax raises this very class, among others
            raise InputError(
                f"cannot write a checkpoint in {self._manager.directory}: {_reason(error)}; "
                "make room on the disk, then go on with --resume"
            ) from error

    def restore(self, like: TrainState) -> TrainState | None:
        """Return the newest state, of the shapes of another, or None if there is none.

        Raises:
            InputError: If the newest checkpoint does not fit or cannot be read.
        """
        step = self._manager.latest_step()
        if step is None:
            return None
        wanted, device = stored_leaves(like), jax.sharding.SingleDeviceSharding(jax.devices()[0])
        try:
            shapes = jax.tree.map(
                lambda kept: jax.ShapeDtypeStruct(kept.shape, kept.dtype, sharding=device),
                self._manager.item_metadata(step),
            )
            tree = self._manager.restore(step, args=ocp.args.StandardRestore(shapes))
            # Older files have a tree where newer ones have a name: the joined names are the same.
            found = {
                name: leaf
                for name, leaf in stored_leaves(tree["state"]).items()
                if not name.endswith(_GONE)
            }
            for name in wanted.keys() | found.keys():
                shape = getattr(found.get(name), "shape", None)
                if shape is None or shape != getattr(wanted.get(name), "shape", None):
                    raise ValueError(f"{name} is not of this model")
        except Exception as error:  # Orbax raises this very class, among others
            # Of each array that it could not read, Orbax would leave a page on standard error.
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
            raise InputError(
                f"the checkpoint of step {step} in {self._manager.directory} cannot be read: "
                f"{_reason(error)}; remove it to go on from the one before"
            ) from error
        leaves = [found[name] for name in wanted]
        return jax.tree.unflatten(jax.tree.structure(like), leaves)

    def close(self) -> None:
        """Release what Orbax holds."""
        self._manager.close()


def _reason(error: Exception) -> str:
    """What went wrong, without the pages of details that TensorStore adds."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    first = first.split(" [tensorstore_spec")[0].split(" See full TensorStore")[0]
    return first if len(first) <= 300 else f"{first[:300]} .."
