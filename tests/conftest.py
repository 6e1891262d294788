"""What every test shares: the CPU, run-time checks of shapes and types, repeatable examples."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import hypothesis
import jaxtyping

hypothesis.settings.register_profile("airscene", derandomize=True, deadline=None)
hypothesis.settings.load_profile("airscene")

# Before any module of the package is imported: modules imported earlier would go unchecked.
jaxtyping.install_import_hook("airscene", "beartype.beartype")
