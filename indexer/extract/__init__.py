"""Readers: one module per family of formats, run only inside the sandbox."""
