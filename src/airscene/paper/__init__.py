"""The paper's results: protocols, and what to expect of them."""
