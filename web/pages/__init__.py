"""The pages, one module for each entry of the menu: read the form, make the call, show."""

from flask import Flask

from web.pages import (
    account,
    customers,
    deputies,
    documents,
    history,
    home,
    import_sources,
    imports,
    log,
    moves,
    people,
    search,
    status,
    suggestions,
    uploads,
)

_WORK = (home, search, customers, documents, moves, suggestions, uploads, imports, import_sources)
_WATCH = (account, history, deputies, log, status, people)


def register(app: Flask) -> None:
    """Register every page."""
    for module in (*_WORK, *_WATCH):
        app.register_blueprint(module.pages)
