"""Looking at pages: images that were made beforehand, and such as are made when asked for."""

import time
from http import HTTPStatus
from time import perf_counter

from tests.bench import samples
from tests.bench.client import Client
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure, p50, p95
from tests.bench.loading import OFFICER
from tests.bench.stack import Stacks
from tests.indexer.pdfs import written

#: Reaches in milliseconds.
_BEFOREHAND, _ON_DEMAND = 25.0, 500.0
_LAPS = 5
_FIRST, _PAGES = 20, 60
#: Seconds between two questions whether a page is there, and after which it is given up.
_AGAIN, _LONGEST = 0.02, 60.0


def pages(stacks: Stacks) -> list[Figure]:
    """Look at the pages of a contract over HTTP, with web and worker as they are installed."""
    lines = [
        f"第{n}条 库卡焊接机器人 KR210 减速机维护保养，每年两次，到场时间不超过二十四小时"
        for n in range(36)
    ]
    content = written(["\n".join(lines)] * _PAGES)
    with stacks.scratch(Corpus(0)) as stack, stack.part("web"), stack.part("worker"):
        (customer, *_) = samples.customers(stack.archive)
        client = Client(stack.port, stack.token(OFFICER))
        document = client.add(customer, "minutes", "合同.pdf", content)["id"]
        path = f"/api/v1/documents/{document}/pages"
        for no in range(1, _FIRST + 1):
            _until_there(client, f"{path}/{no}")
        beforehand = [
            client.page(f"{path}/{no}")[0] for _ in range(_LAPS) for no in range(1, _FIRST + 1)
        ]
        hits = [client.page(f"{path}/{no}/hits?q=KR210")[0] for no in range(1, _FIRST + 1)]
        wanted = range(_FIRST + 1, _PAGES + 1)
        made = [_until_there(client, f"{path}/{no}") for no in wanted]
        client.close()
    note = f"{len(beforehand)} of an A4 page of {len(lines)} lines, over HTTP with the log"
    return [
        Figure("page image made beforehand, p50", p50(beforehand)),
        Figure("page image made beforehand, p95", p95(beforehand), _BEFOREHAND, note),
        Figure("boxes of hits on a page, p95", p95(hits), note=f"{len(lines)} hits each"),
        Figure("page image on demand, p50", p50(made)),
        Figure("page image on demand, p95", p95(made), _ON_DEMAND, f"{len(made)} pages"),
    ]


def _until_there(client: Client, path: str) -> float:
    """Return the seconds from the first request to the image."""
    started = perf_counter()
    while perf_counter() - started < _LONGEST:
        _, status = client.page(path)
        if status == HTTPStatus.OK:
            return perf_counter() - started
        time.sleep(_AGAIN)
    raise RuntimeError(f"{path} is not made")
