"""One run, whatever is trained: preset, folder, identity, fit, watch, pictures."""
