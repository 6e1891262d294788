"""The inference networks of inverse graphics."""
