"""Results on the speed of inference."""
