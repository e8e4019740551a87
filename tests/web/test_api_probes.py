"""What operators and load balancers ask."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from indexer import measuring
from service import upkeep
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


def figures(programs: Programs) -> dict[tuple[str, ...], float]:
    """Return what `/metrics` tells: name and values of labels, and the value."""
    told = programs.client.get("/metrics").text
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


def test_figures_are_those_of_all_processes(programs):
    before = figures(programs)
    with programs.world.archive.db.write() as db:
        # what a worker on another host counted
        db.execute(
            text("INSERT INTO figure VALUES (:name, :labels, 7)"),
            {"name": "guidang_jobs_total", "labels": '{"kind": "other", "state": "done"}'},
        )
    programs["archivist"].get("/me")
    after = figures(programs)
    assert after["guidang_jobs_total", "other", "done"] == 7
    requests = ("guidang_requests_total", "2xx")
    assert after[requests] == before.get(requests, 0) + 1
    count, infinite = "guidang_request_seconds_count", "guidang_request_seconds_bucket"
    assert after[count,] == after[infinite, "+Inf"] >= 1


def test_figures_tell_how_things_stand(programs):
    world = programs.world
    customer = world.customer()
    world.document(customer.id, "焊接机器人")
    world.work()
    world.document(customer.id, "等待")
    world.move(customer.id, "active")
    measuring.measure(world.archive)
    upkeep.go_round(world.archive, "worker")
    told = figures(programs)
    assert told["guidang_up", "search"] == 1
    assert told["guidang_jobs_open", "interactive", "extract", "waiting"] == 1
    assert told["guidang_job_age_seconds", "interactive", "extract"] < 60
    assert told["guidang_marks",] == 1
    assert told["guidang_indexed", "intended"] == 1
    assert told["guidang_drift", "missing"] == 0
    assert told["guidang_mirror_agrees",] == 1
    assert told["guidang_stored_objects",] == 2
    assert told["guidang_seen_seconds", "worker"] < 60
    assert told["guidang_measured_seconds", "index"] < 60
    assert told["guidang_disk_free_bytes",] > 0


def test_figures_hold_no_ids_and_no_words(programs):
    world = programs.world
    customer = world.customer("金丝雀有限公司")
    paper = world.document(customer.id, "焊接机器人")
    world.work()
    measuring.measure(world.archive)
    upkeep.go_round(world.archive, "worker")
    told = programs.client.get("/metrics").text
    assert not [each for each in (customer.id, paper.id, "金丝雀", "焊接") if each in told]


def test_without_the_database_figures_still_say_so(programs):
    with programs.world.archive.db.write() as db:
        db.execute(text("ALTER TABLE figure RENAME TO elsewhere"))
    blobs = programs.world.archive.settings.data / "blobs"
    blobs.rename(blobs.with_name("elsewhere"))
    told = figures(programs)
    assert (told["guidang_up", "database"], told["guidang_up", "blobs"]) == (1, 0)
    assert ("guidang_marks",) not in told
