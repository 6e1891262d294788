"""Results on estimators of the gradient."""
