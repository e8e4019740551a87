"""A body over the limit is refused inside the call: it is logged, and what is hidden stays so."""

import json

import pytest

from web.api.asking import BODY

NEW = json.dumps({"name": "苏州同屿", "category": "intended"}).encode()
JSON = {"Content-Type": "application/json"}


def chunked(program, path, body, method="POST"):
    """Send a body of unknown length, as the server hands it on."""
    return program.send(
        method,
        path,
        data=body,
        headers=JSON | {"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )


def test_what_fits_exactly_is_taken_with_and_without_a_length(programs):
    body = NEW.ljust(BODY)
    sales = programs["sales"]
    assert sales.send("POST", "/customers", data=body, headers=JSON).status_code == 201
    assert chunked(sales, "/customers", body).status_code == 201


@pytest.mark.parametrize("over", [1, 2, 100, BODY])
def test_one_byte_more_is_413_and_not_taken_for_a_shorter_one(programs, over):
    body, sales = NEW.ljust(BODY + over), programs["sales"]
    for answer in (
        sales.send("POST", "/customers", data=body, headers=JSON),
        chunked(sales, "/customers", body),
    ):
        assert (answer.status_code, answer.json["type"]) == (413, "too-large")
        assert answer.json["event"]
    assert sales.get("/customers").json["total"] == 0


def test_a_large_body_tells_nobody_that_a_customer_exists(programs):
    hidden = programs.world.customer(owner="sales2").id
    body = NEW.ljust(BODY + 1)
    asked, absent = (
        programs["sales"].send("PATCH", f"/customers/{one}", data=body, headers=JSON)
        for one in (hidden, "a" * 26)
    )
    assert (asked.status_code, asked.data) == (404, absent.data)


def test_a_large_body_is_refused_where_none_is_expected_too(programs):
    answer = programs["sales"].send("GET", "/customers", data=b" " * (BODY + 1))
    assert answer.status_code == 413
