"""The pages, one module for each entry of the menu: read the form, make the call, show."""

from flask import Flask

from web.pages import (
    account,
    bundles,
    corrections,
    customers,
    deputies,
    documents,
    exports,
    history,
    home,
    import_sources,
    imports,
    log,
    moves,
    people,
    photos,
    search,
    status,
    suggestions,
    uploads,
    watch,
)

_WORK = (home, search, customers, documents, corrections, moves, suggestions, uploads, imports)
_SOURCES = (import_sources, photos, exports)
_WATCH = (account, history, deputies, log, watch, bundles, status, people)


def register(app: Flask) -> None:
    """Register every page."""
    for module in (*_WORK, *_SOURCES, *_WATCH):
        app.register_blueprint(module.pages)
