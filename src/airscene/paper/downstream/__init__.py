"""What inferences are worth for other tasks (Fig. 5)."""
