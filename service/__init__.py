"""What the archive does: the same code under web, worker, command line and tests."""
