"""Migrations of the system-of-record database, run by `service.schema`."""
