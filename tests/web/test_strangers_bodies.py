"""What strangers send, however slowly, takes no room from what people upload."""

import io
from typing import Any

import pytest

from tests.web.browsing import Person
from web.connections import SMALL
from web.uploads import LARGE, SHORT, LargeBodies

FORM = "multipart/form-data; boundary=b"


class Slow(io.BytesIO):
    """A body during whose arrival somebody else does something."""

    def __init__(self, content: bytes, meanwhile: Any) -> None:
        super().__init__(content)
        self.meanwhile = meanwhile

    def read(self, size: int | None = -1) -> bytes:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().read(size)

    def readinto(self, room: Any) -> int:
        data = self.read(len(room))
        room[: len(data)] = data
        return len(data)


@pytest.fixture
def uploaded(portal):
    """Return what uploads a large file where there is room for one, and its answers."""
    customer = portal.world.customer(owner="sales").id
    sales: Person = portal["sales"]
    portal.app.extensions["large-bodies"] = LargeBodies(1)
    answers: list[int] = []

    def upload() -> None:
        large = (b"a" * (LARGE + 1), "a.txt")
        sent = sales.upload(f"/customers/{customer}/documents", large, kind="minutes")
        answers.append(sent.status_code)

    return upload, answers


@pytest.mark.parametrize("path", ["/sign-in", "/password", "/language", "/customers", "/nowhere"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_strangers_slow_body_takes_no_room_from_an_upload(portal, uploaded, path, chunked):
    upload, answers = uploaded
    body = b"--b\r\n" + b"x" * LARGE
    more: dict[str, Any] = {"wsgi.input_terminated": True}
    length = {"CONTENT_LENGTH": ""} if chunked else {"CONTENT_LENGTH": str(len(body))}
    refused = portal.stranger().client.post(
        path,
        input_stream=Slow(body, upload),
        content_type=FORM,
        headers={"Transfer-Encoding": "chunked"} if chunked else {},
        environ_overrides={**more, **length},
        buffered=True,
    )
    assert refused.status_code in (400, 401, 413)
    assert answers == [302]


def test_a_strangers_form_is_not_read_beyond_what_such_a_form_holds(portal):
    body = b"--b\r\n" + b"x" * LARGE
    answer = portal.stranger().client.post("/sign-in", data=body, content_type=FORM)
    assert answer.status_code == 413
    assert SHORT <= SMALL  # so a whole one is there before it gets a thread
