"""The description is complete: every operation, every parameter, every way it can end."""

import re

import pytest


@pytest.fixture
def spec(programs):
    return programs.client.get("/api/v1/openapi.json").json


def operations(spec):
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_it_is_openapi_3_1_and_open_to_everybody(spec):
    assert spec["openapi"] == "3.1.0"
    assert spec["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}


def test_every_route_of_the_api_is_described(programs, spec):
    described = {(m.upper(), p) for m, p, _ in operations(spec)}
    routed = {
        (method, re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule))
        for rule in programs.client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == routed
    assert not any("/api/" not in path for _, path in described)


def test_every_operation_says_what_it_does_takes_and_answers(spec):
    names = set()
    for method, path, operation in operations(spec):
        place = (method, path)
        assert operation["summary"], place
        assert operation["operationId"] not in names
        names.add(operation["operationId"])
        assert ("401" in operation["responses"]) == ("security" in operation), place
        assert all(r["description"] for r in operation["responses"].values()), place
        assert any(status.startswith("2") for status in operation["responses"]), place
        if "{" in path:
            assert "404" in operation["responses"], place
        if "requestBody" in operation:
            assert operation["requestBody"]["required"] is True, place
            assert {"413", "415", "422"} <= set(operation["responses"]), place
        if any(p["name"] == "If-Match" for p in operation["parameters"]):
            assert {"409", "412", "428"} <= set(operation["responses"]), place


def test_every_write_takes_an_idempotency_key_and_no_reading_does(spec):
    for method, path, operation in operations(spec):
        takes = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
        assert ("Idempotency-Key" in takes) == (method != "get"), (method, path)
        if method != "get":
            assert {"409", "422"} <= set(operation["responses"]), (method, path)


def test_refusals_are_problems_and_references_lead_somewhere(spec):
    problem = {"$ref": "#/components/schemas/ProblemShown"}
    for method, path, operation in operations(spec):
        for status, response in operation["responses"].items():
            if status[0] in "45d":
                content = response["content"]["application/problem+json"]
                assert content["schema"] == problem, (method, path, status)
    names = set(re.findall(r"#/components/schemas/(\w+)", str(spec)))
    assert names <= set(spec["components"]["schemas"])


def test_bodies_refuse_what_they_do_not_list(spec):
    for method, path, operation in operations(spec):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"]["$ref"].rpartition("/")[2]
            schema = spec["components"]["schemas"][name]
            assert schema["additionalProperties"] is False, (method, path)


def test_answers_have_the_members_that_are_described(programs, spec):
    customer = programs.world.customer(owner="sales").id
    document = programs.world.document(customer, "纪要", by="sales").id
    programs.world.work()
    for path, operation in (
        ("/me", "/api/v1/me"),
        (f"/customers/{customer}", "/api/v1/customers/{customer_id}"),
        (f"/documents/{document}", "/api/v1/documents/{document_id}"),
        ("/search", "/api/v1/search"),
        ("/customers", "/api/v1/customers"),
    ):
        answer = programs["sales"].get(path).json
        content = spec["paths"][operation]["get"]["responses"]["200"]["content"]
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schema = spec["components"]["schemas"][name]
        assert set(schema["required"]) <= set(answer) <= set(schema["properties"]), path


def test_what_is_not_routed_is_absent_and_a_wrong_method_says_which_are_right(programs):
    assert programs["sales"].get("/nothing/here").status_code == 404
    wrong = programs["sales"].send("PUT", "/customers")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["Allow"]
    assert wrong.content_type == "application/problem+json"


def test_answers_lead_to_what_can_be_asked_of_the_record_they_name(programs, spec):
    operations_by_id = {op["operationId"]: (m, p, op) for m, p, op in operations(spec)}
    links = spec["components"]["links"]
    followed = set()
    for _, _, operation in operations(spec):
        for answer in operation["responses"].values():
            for target, reference in answer.get("links", {}).items():
                link = links[reference["$ref"].rpartition("/")[2]]
                assert link["operationId"] == target
                method, path, op = operations_by_id[target]
                asked = {f"{p['in']}.{p['name']}" for p in op["parameters"]}
                assert set(link["parameters"]) <= asked, (target, path)
                followed.add((method, path))
    lead = {(m, p) for m, p, _ in operations(spec) if "{" in p}
    assert followed == lead


def test_the_link_from_a_new_customer_changes_it(programs, spec):
    made = programs["sales"].post("/customers", {"name": "苏州同屿", "category": "intended"})
    link = spec["components"]["links"]["CustomerShown.change_customer"]
    assert link["parameters"] == {
        "path.customer_id": "$response.body#/id",
        "header.If-Match": "$response.header.ETag",
    }
    path = f"/customers/{made.json['id']}"
    body = {"coworkers": [programs.world.id("sales2")]}
    assert programs["sales"].patch(path, body, etag=made.headers["ETag"]).status_code == 200
