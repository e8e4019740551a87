"""Finding documents: what was typed becomes a tree, the tree becomes hits, on either engine."""

from pathlib import Path
from threading import BoundedSemaphore

from service.search.elastic import Elastic
from service.search.embedded import Embedded
from service.search.port import Engine


def open_engine(
    url: str,
    *,
    turns: BoundedSemaphore,
    prefix: str = "guidang",
    web: str = "",
    indexer: str = "",
    ca: Path | None = None,
) -> Engine:
    """Return the engine a setting names: `embedded:PATH` or the URL of Elasticsearch.

    The embedded one computes here, in its `turns`. `web` and `indexer` are `user:password`;
    without `indexer` the engine only answers.
    """
    if url.startswith("embedded:"):
        return Embedded(Path(url.removeprefix("embedded:")), turns)
    return Elastic(
        url,
        web=_account(web),
        indexer=_account(indexer) if indexer else None,
        prefix=prefix,
        ca_file=str(ca) if ca else None,
    )


def _account(setting: str) -> tuple[str, str]:
    user, _, password = setting.partition(":")
    return user, password
