"""Pictures, plots and films, each with the data that it shows."""
