"""The log: append-only, chained, recomputable by anyone who holds it."""
