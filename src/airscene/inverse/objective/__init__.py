"""The bound of inverse graphics and the estimators of its gradient."""
