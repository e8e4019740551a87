"""Build the archive from its settings: keys, database, blobs, search engine, policy.

The one place where parts are made. Refuses to start, with a sentence, rather than start wrong.
"""

import secrets
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import hosts, jobs, policies, restored, schema
from service.archive import Archive
from service.blobs import open_blobs
from service.db import Database
from service.errors import Unavailable
from service.keystore import Keystore, RootKey, create_root_key, read_root_key
from service.models import Customer, Instance, Person
from service.policies import Policies
from service.policy import PolicyError, packaged, parse
from service.rows import claim
from service.search import open_engine
from service.search.port import Engine, NoGeneration
from service.settings import Settings, SettingsError
from service.turns import turns


def open_archive(settings: Settings, *, indexing: bool = False, resuming: bool = False) -> Archive:
    """Open the archive; at the first start its keys, tables and policy are made.

    `indexing`: also hold the credentials that may write the index (workers only). `resuming`:
    open it though an older copy was restored, to say so in the log.
    Raises `SettingsError`, `PolicyError`, `KeystoreRefused` or `Unavailable`.
    """
    settings.check()
    texts = packaged(settings.policy_dir)
    parse(texts)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    schema.ensure(settings.database_url, settings.database_owner)
    db = Database(settings.database_url, pool=settings.threads + 4)
    keystore = Keystore.open(
        _folder(settings.keystore_url),
        _root_key(settings, db),
        mirror_url=_folder(settings.mirror_url),
    )
    if not resuming:
        with db.read() as session:
            restored.refuse(session, settings)
    with db.write() as session:
        # first: it lets one process at a time come by here
        _same_keystore(session, keystore)
        hosts.claim(session, settings)
        policies.bring_in(session, texts)
        governing = _readable_policy(session)
    computing = turns()
    engine = open_engine(
        settings.search_url,
        turns=computing,
        prefix=settings.search_prefix,
        web=settings.search_web,
        indexer=settings.search_indexer if indexing else "",
        ca=settings.search_ca,
    )
    blobs = open_blobs(
        settings.blobs_url,
        access_key=settings.blobs_access_key,
        secret_key=settings.blobs_secret_key,
    )
    archive = Archive(
        settings=settings,
        db=db,
        keystore=keystore,
        blobs=blobs,
        engine=engine,
        policies=governing,
        turns=computing,
    )
    if indexing:
        with suppress(Unavailable):  # may be away: then its jobs wait, and /readyz says so
            prepare(archive)
    return archive


def prepare(archive: Archive) -> None:
    """Make the first generation of the index, and the bucket, where they are absent.

    Raises `Unavailable` while a part is away; a worker then tries again before it writes.
    """
    first_generation(archive.db, archive.engine)
    archive.blobs.prepare()


def _readable_policy(db: Session) -> Policies:
    """Refuse to work under a policy that this program does not understand."""
    found = Policies()
    try:
        found.current(db)
    except PolicyError as error:
        message = (
            "the policy in force was written for another version of guidang, "
            f"update this one first: {error}"
        )
        raise SettingsError(message) from error
    return found


def _same_keystore(db: Session, keystore: Keystore) -> None:
    """Refuse a keystore that is not the one this database was written with: keys were lost."""
    fresh = {"name": "keystore", "value": keystore.instance}
    if claim(db, Instance, "keystore", fresh).value != keystore.instance:
        message = "this keystore does not belong to this database: restore the right one"
        raise SettingsError(message)


def first_generation(db: Database, engine: Engine) -> None:
    """Make the empty first generation of an index that was never built.

    Under the lease of those who write the index: of two workers that start side by side one
    makes it, and the other does not throw away what the first has put in.
    """
    holder = jobs.holder()
    while _missing(engine):
        with db.write() as session:
            mine = jobs.lease(session, jobs.INDEX, holder, seconds=60)
        if mine:
            try:
                if _missing(engine):
                    engine.swap(engine.start_generation())
            finally:  # who tries again need not wait for the lease to run out
                with db.write() as session:
                    jobs.release(session, jobs.INDEX, holder)
            return
        time.sleep(0.2)


def _missing(engine: Engine) -> bool:
    try:
        engine.status()
    except NoGeneration:
        return True
    return False


def _folder(url: str) -> str:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return url


def _root_key(settings: Settings, db: Database) -> RootKey:
    path = settings.root_key_path
    if path.exists():
        return read_root_key(path)
    with db.read() as session:
        used = (session.scalar(select(func.count()).select_from(Customer)) or 0) + (
            session.scalar(select(func.count()).select_from(Person)) or 0
        )
    if used:
        message = f"the root key {path} is missing: this archive cannot be opened without it"
        raise SettingsError(message)
    try:
        return create_root_key(path)
    except FileExistsError:  # another process was quicker
        return read_root_key(path)


def cookie_key(settings: Settings) -> str:
    """Return the key that signs cookies; made at the first start."""
    path = settings.secret_key_path
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
