"""`make bench`: speed on this machine, beside floors that the machine sets."""
