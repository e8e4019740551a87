"""The pages, one module for each entry of the menu: read the form, make the call, show."""

from flask import Flask

from web.pages import account, customers, documents, home, log, moves, people, search, uploads


def register(app: Flask) -> None:
    """Register every page."""
    for module in (account, home, search, customers, documents, moves, uploads, log, people):
        app.register_blueprint(module.pages)
