"""Search for scenes by rendering: refinement, and optimisation from scratch."""
