"""What operators and load balancers ask."""

from dataclasses import replace

from tests.web.programs import Programs


def test_the_process_lives(programs):
    answer = programs.client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_every_part_is_asked_by_name(programs):
    answer = programs.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["parts"] == dict.fromkeys(("database", "keystore", "blobs", "search"), "ok")


def test_a_part_that_is_away_is_named(programs):
    blobs = programs.world.archive.settings.data / "blobs"
    blobs.rename(blobs.with_name("elsewhere"))
    answer = programs.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["parts"]["blobs"] == "unavailable"
    assert answer.json["parts"]["database"] == "ok"


def test_figures_are_for_this_host(programs):
    answer = programs.client.get("/metrics")
    assert answer.status_code == 200
    assert "guidang_audit_seconds_bucket" in answer.text
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert programs.client.get("/metrics", environ_overrides=elsewhere).status_code == 404
    proxied = {"X-Forwarded-For": "192.0.2.9"}
    assert programs.client.get("/metrics", headers=proxied).status_code == 404


def test_figures_go_elsewhere_with_the_token(world):
    world.archive.settings = replace(world.archive.settings, metrics_token="m" * 32)
    client = Programs.of(world).client
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}
    right = {"Authorization": "Bearer " + "m" * 32}
    assert client.get("/metrics", headers=right, **elsewhere).status_code == 200
    wrong = {"Authorization": "Bearer m"}
    assert client.get("/metrics", headers=wrong, **elsewhere).status_code == 404
