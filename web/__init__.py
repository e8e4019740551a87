"""The portal and the HTTP API: pages that call the archive and show its answer."""
