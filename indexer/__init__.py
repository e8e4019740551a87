"""The worker: turns stored originals into searchable text."""
