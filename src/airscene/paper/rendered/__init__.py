"""Results of inverse graphics."""
