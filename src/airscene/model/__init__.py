"""The generative model and its inference network."""
