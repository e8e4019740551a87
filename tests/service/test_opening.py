"""Opening an archive: it makes what is missing once, and refuses to start wrong."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from service import schema
from service.audit.verify import Code
from service.commands import print_settings
from service.db import Database
from service.keystore import KeystoreRefused, create_root_key
from service.models import AuditEvent, CustomerPerson, Person
from service.opening import open_archive
from service.owners import COWORKER, OWNER, people_of
from service.policy import PolicyError
from service.settings import Settings, SettingsError, from_environment
from tests.world import World, embedded, policy_with

PG = "postgresql+psycopg://db.example/archive"


def test_a_second_opening_changes_nothing(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "data")
    settings = embedded(tmp_path / "data")
    before = (settings.root_key_path).read_bytes()
    open_archive(settings).close()
    assert settings.root_key_path.read_bytes() == before


def test_a_wrong_root_key_is_refused_with_a_sentence(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "data")
    settings = embedded(tmp_path / "data")
    settings.root_key_path.unlink()
    create_root_key(settings.root_key_path)
    with pytest.raises(KeystoreRefused, match="root key"):
        open_archive(settings)


def test_a_missing_root_key_is_never_made_anew(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "data")
    settings = embedded(tmp_path / "data")
    settings.root_key_path.unlink()
    with pytest.raises(SettingsError, match="missing"):
        open_archive(settings)
    assert not settings.root_key_path.exists()


def test_a_keystore_of_another_archive_is_refused(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "data")
    settings = embedded(tmp_path / "data")
    for left in (settings.data.glob("keystore.db*"), (settings.data / "mirror").glob("*")):
        for path in left:
            path.unlink()
    with pytest.raises(SettingsError, match="does not belong"):
        open_archive(settings)


def test_a_policy_with_an_unknown_word_is_refused_and_names_it(tmp_path: Path) -> None:
    texts = tmp_path / "policy"
    texts.mkdir()
    packaged = Path(schema.__file__).parent / "policy" / "roles.toml"
    text = packaged.read_text(encoding="utf-8").replace('demand = "yes"', 'demand = "yess"', 1)
    (texts / "roles.toml").write_text(text, encoding="utf-8")
    settings = replace(embedded(tmp_path / "data"), policy_dir=texts)
    with pytest.raises(PolicyError, match=r"roles\.toml.*yess"):
        open_archive(settings)
    assert not (tmp_path / "data" / "archive.db").exists()


def test_a_newer_policy_text_becomes_a_proposal_and_does_not_govern(
    template: Path, tmp_path: Path
) -> None:
    shutil.copytree(template, tmp_path / "data")
    texts = policy_with(tmp_path / "policy", "roles.toml", 'hr = "none"', 'hr = "top"')
    archive = open_archive(replace(embedded(tmp_path / "data"), policy_dir=texts))
    with archive.db.read() as db:
        assert not archive.policies.current(db).read.clearance["hr"]  # type: ignore[index]
    archive.close()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"search": "https://search.example:9200"}, "PostgreSQL"),
        ({"search": "nonsense"}, "GUIDANG_SEARCH"),
        ({"blobs": "ftp://x"}, "GUIDANG_BLOBS"),
        ({"database": PG, "blobs": "s3://b"}, "GUIDANG_KEYSTORE"),
        ({"keystore": PG}, "GUIDANG_KEYSTORE_MIRROR"),
        ({"database": PG, "blobs": "s3://b", "keystore": PG}, "GUIDANG_KEYSTORE_MIRROR"),
    ],
)
def test_settings_that_cannot_work_together_are_refused(
    tmp_path: Path, changes: dict[str, str], word: str
) -> None:
    settings = replace(embedded(tmp_path / "data"), **changes)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=word):
        open_archive(settings)


def test_settings_come_from_the_environment_and_secrets_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t\n", encoding="utf-8")
    settings = from_environment(
        {"GUIDANG_BLOBS_SECRET_KEY_FILE": str(secret), "GUIDANG_HOSTS": "a.example, b.example"}
    )
    assert settings.blobs_secret_key == "s3cr3t"
    assert settings.hosts == ("a.example", "b.example")
    with pytest.raises(SettingsError, match="GUIDANG_THREADS"):
        from_environment({"GUIDANG_THREADS": "many"})


def test_printing_the_settings_shows_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql+psycopg://guidang_app:hidden@db.example/guidang"
    settings = from_environment(
        {"GUIDANG_DATABASE": url, "GUIDANG_BLOBS_SECRET_KEY": "hidden", "GUIDANG_THREADS": "9"}
    )
    print_settings(settings)
    shown = capsys.readouterr().out
    assert "GUIDANG_THREADS=9" in shown
    assert "guidang_app" in shown
    assert "hidden" not in shown


def test_an_unknown_name_in_the_configuration_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "guidang.toml"
    config.write_text('lissten = "0.0.0.0:1"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="lissten"):
        from_environment({"GUIDANG_CONFIG": str(config)})


def test_migrations_go_down_and_up_again_with_rows_in_the_tables(world: World) -> None:
    world.customer()
    url = world.archive.db.url
    with world.archive.db.read() as db:
        events = world.archive.policies.current(db).id
    assert events
    schema.downgrade(url, "0001")
    assert schema.current(url) == "0001"
    schema.upgrade(url)
    assert schema.current(url) == schema.head()


def test_a_log_from_before_grades_were_filtered_by_is_whole_afterwards(world: World) -> None:
    document = world.document(world.customer().id, "纪要")
    url = world.archive.db.url
    schema.downgrade(url, "0013")
    schema.upgrade(url)
    with world.archive.db.read() as db:
        grades = set(db.scalars(select(AuditEvent.grade).where(AuditEvent.object == document.id)))
    assert grades == {"confidential"}
    assert world.verify().code is Code.OK


def test_of_several_owners_from_before_one_stays_and_there_is_never_another(world: World) -> None:
    customer, url = world.customer(owner="sales").id, world.archive.db.url
    others = sorted(world.id(login) for login in ("sales2", "technical"))
    schema.downgrade(url, "0009")
    with world.archive.db.write() as db:
        db.get_one(Person, world.id("sales")).active = False
        db.add_all(CustomerPerson(customer=customer, person=p, relation=OWNER) for p in others)
    schema.upgrade(url)
    with world.archive.db.read() as db:
        people = people_of(db, [customer])[customer]
    assert people.pop(others[0]) == OWNER
    assert set(people.values()) == {COWORKER}
    assert len(people) == 2
    with pytest.raises(IntegrityError), world.archive.db.write() as db:
        db.get_one(CustomerPerson, (customer, others[1])).relation = OWNER


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    settings: Settings = embedded(tmp_path / "data")
    open_archive(settings).close()
    database = Database(settings.database_url)
    with database.write() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(SettingsError, match="newer version"):
        open_archive(settings)
