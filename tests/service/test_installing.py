"""What an archive on servers is laid with: secret files, and the questions whether it works."""

import base64
import hashlib
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url

from service.__main__ import main
from service.addresses import password_link
from service.health import LOOPS, STUCK, Pulse
from service.keystore import read_root_key
from service.secret_files import TO_BE_FILLED, Owner, Servers, texts
from service.settings import from_environment
from tests.live.process import free_port


def guidang(*words: str, typed: str = "", **settings: str) -> Result:
    environment = {**{n: None for n in os.environ if n.startswith("GUIDANG_")}, **settings}
    return CliRunner().invoke(main, list(words), input=typed, env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site") / "secrets"
    done = guidang("secrets", "init", str(made), "--postgres", "db.example:5432")
    assert done.exit_code == 0, done.stderr
    return made


def test_every_secret_is_readable_by_one_user_alone(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()} == {"0o400"}
    if os.geteuid() == 0:
        expected = {name: s.owner for name, s in texts(Servers(), ["guidang"]).items()}
        expected["root_key"] = Owner.GUIDANG
        assert {path.name: path.stat().st_uid for path in folder.iterdir()} == expected


def test_secrets_that_exist_are_never_replaced(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = guidang("secrets", "init", str(folder))
    assert done.exit_code == 1
    assert "not replaced" in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_no_secret_is_shown(folder: Path, tmp_path: Path) -> None:
    done = guidang("secrets", "init", str(tmp_path / "others"))
    shown = done.stdout + done.stderr
    made = [path.read_text().split() for path in (tmp_path / "others").iterdir()]
    words = {word for text in made for word in text if len(word) > 30}
    assert len(words) > 15
    assert [word for word in words if word in shown] == []


def test_the_servers_are_told_the_passwords_that_the_archive_uses(folder: Path) -> None:
    text = {path.name: path.read_text().strip() for path in folder.iterdir()}
    admin, mirror = make_url(text["database_admin"]), make_url(text["keystore_mirror"])
    assert (admin.host, admin.port, mirror.host) == ("db.example", 5432, "mirror")
    assert admin.password == text["postgres_password"]
    assert mirror.password == text["mirror_password"]
    assert (text["minio_user"], text["minio_password"]) == (
        text["blobs_access_key"],
        text["blobs_secret_key"],
    )
    assert text["elastic_health"] == f'user = "{text["search_web"]}"'
    assert make_url(text["database_owner"]).database == make_url(text["database"]).database
    assert len(read_root_key(folder / "root_key").key) == 32
    for name in ("search_web", "search_indexer"):
        login, _, password = text[name].partition(":")
        users = dict(line.split(":", 1) for line in text["elastic_users"].splitlines())
        assert belongs(password, users[login])


def belongs(password: str, stored: str) -> bool:
    """Say whether a stored hash was made of this password."""
    rounds, salt, digest = stored.removeprefix("{PBKDF2}").split("$")
    salted = base64.b64decode(salt)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salted, int(rounds), 32)
    return made == base64.b64decode(digest)


def test_no_two_installations_share_a_secret(folder: Path, tmp_path: Path) -> None:
    guidang("secrets", "init", str(tmp_path / "others"), "--postgres", "db.example:5432")
    same = [
        path.name
        for path in folder.iterdir()
        if path.read_bytes() == (tmp_path / "others" / path.name).read_bytes()
        and path.name not in ("elastic_roles", "elastic_users_roles", *TO_BE_FILLED)
    ]
    assert same == []


def test_set_up_with_an_administrator_asks_for_the_owner(tmp_path: Path) -> None:
    admin = "postgresql+psycopg://postgres:x@127.0.0.1:1/postgres"
    data = str(tmp_path / "data")
    done = guidang("setup", GUIDANG_DATABASE_ADMIN=admin, GUIDANG_DATA=data)
    assert done.exit_code == 1
    assert "GUIDANG_DATABASE_OWNER" in done.stderr


def test_set_up_says_how_the_first_administrator_is_made_until_there_is_one(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert "guidang user add admin" in guidang("setup", GUIDANG_DATA=data).stdout
    words = "user add admin --department management --role security_admin --password-file -"
    added = guidang(*words.split(), typed="a long password of one's own\n", GUIDANG_DATA=data)
    assert added.exit_code == 0, added.stderr
    again = guidang("setup", GUIDANG_DATA=data)
    assert (again.exit_code, again.stdout) == (0, "")


def test_the_first_administrator_gets_a_link_in_place_of_a_password(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    guidang("setup", GUIDANG_DATA=data)
    words = "user add admin --department management --role security_admin"
    added = guidang(*words.split(), GUIDANG_DATA=data, GUIDANG_PUBLIC_URL="https://archive.example")
    assert added.exit_code == 0, added.stderr
    _, link = added.stdout.split()
    assert link.startswith("https://archive.example/password?link=")
    other = guidang("user", "link", "admin", GUIDANG_DATA=data)
    assert other.stdout.startswith("http://127.0.0.1:8000/password?link=")
    nobody = guidang("user", "link", "nobody", GUIDANG_DATA=data)
    assert (nobody.exit_code, nobody.stderr.strip()) == (1, "Nobody is called nobody.")


def test_set_up_that_could_not_make_the_index_says_so_and_is_run_again(tmp_path: Path) -> None:
    data, disk = str(tmp_path / "data"), tmp_path / "disk"
    disk.touch()
    places = {"GUIDANG_DATA": data, "GUIDANG_SEARCH": f"embedded:{disk / 'index'}"}
    done = guidang("setup", **places)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.strip() == "The search does not answer."
    disk.unlink()
    assert guidang("setup", **places).exit_code == 0
    assert "generation" in guidang("index", "status", **places).stdout


@pytest.mark.parametrize(
    ("settings", "begins"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"GUIDANG_LISTEN": "0.0.0.0:9000"}, "http://127.0.0.1:9000"),
        ({"GUIDANG_LISTEN": "[::1]:9000"}, "http://[::1]:9000"),
        ({"GUIDANG_HOSTS": "archive.lan other.lan"}, "http://archive.lan:8000"),
        ({"GUIDANG_PUBLIC_URL": "https://a.example/"}, "https://a.example"),
    ],
)
def test_links_begin_as_browsers_reach_the_web(settings: dict[str, str], begins: str) -> None:
    assert password_link(from_environment(settings), "once") == f"{begins}/password?link=once"


def test_a_web_that_does_not_answer_is_not_healthy() -> None:
    done = guidang("health", "web", GUIDANG_LISTEN=f"127.0.0.1:{free_port()}")
    assert (done.exit_code, done.stderr.strip()) == (1, "The web does not answer.")


def test_a_worker_is_healthy_while_each_of_its_loops_goes_round(tmp_path: Path) -> None:
    for loop in LOOPS:
        assert guidang("health", "worker", GUIDANG_DATA=str(tmp_path)).exit_code == 1
        Pulse(tmp_path, loop).beat()
    assert guidang("health", "worker", GUIDANG_DATA=str(tmp_path)).exit_code == 0
    for path in (tmp_path / "pulse").iterdir():
        now = path.stat().st_mtime
        os.utime(path, (now - STUCK - 1, now - STUCK - 1))
        stuck = guidang("health", "worker", GUIDANG_DATA=str(tmp_path))
        assert (stuck.exit_code, stuck.stderr.strip()) == (1, "The worker does not answer.")
        os.utime(path, (now, now))
