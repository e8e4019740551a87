"""An archive with one person for each role, and short ways to do what people do in it."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from indexer.extract.sandbox import Sandbox
from indexer.worker import Worker
from service import (
    accounts,
    categories,
    customers,
    documents,
    filing,
    finding,
    intake,
    originals,
    policy,
    properties,
)
from service.archive import Archive
from service.audit.entries import Subject
from service.audit.verify import Report, verify
from service.codes import Category, Department, Role, Sort
from service.customers import CustomerFile
from service.documents import DocumentView
from service.models import Person
from service.opening import open_archive
from service.passwords import Hasher
from service.permissions import Action, Actor, service_actor
from service.properties import Properties
from service.search.port import Filters
from service.settings import Settings
from service.signins import actor_of, today
from service.spool import spool

DEPARTMENTS = {
    Role.MANAGEMENT: Department.MANAGEMENT,
    Role.SERVICE_OFFICER: Department.CUSTOMER_SERVICE,
    Role.SERVICE_MANAGER: Department.CUSTOMER_SERVICE,
    Role.ARCHIVIST: Department.CUSTOMER_SERVICE,
    Role.SALES: Department.SALES,
    Role.TECHNICAL: Department.TECHNICAL,
    Role.FINANCE: Department.FINANCE,
    Role.HR: Department.HR,
    Role.LEGAL: Department.LEGAL,
    Role.SYSTEM_ADMIN: Department.MANAGEMENT,
    Role.SECURITY_ADMIN: Department.MANAGEMENT,
    Role.AUDITOR: Department.MANAGEMENT,
}


#: The real thing at the lowest cost: fictional people sign in thousands of times.
QUICK = Hasher(passes=1, kibibytes=8)


def password(login: str) -> str:
    """Return the password of a person of this world."""
    return f"correct horse {login[::-1]} battery"


@dataclass(slots=True)
class World:
    """An open archive and what tests do in it."""

    archive: Archive
    sandbox: Sandbox

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings, sandbox: Sandbox) -> Iterator["World"]:
        """Open the archive of these settings, with the right to write the index."""
        archive = open_archive(settings, indexing=True)
        archive.hasher = QUICK
        try:
            yield cls(archive, sandbox)
        finally:
            archive.close()

    @classmethod
    @contextmanager
    def copied(cls, template: Path, data: Path, sandbox: Sandbox) -> Iterator["World"]:
        """Open a copy of an embedded archive."""
        shutil.copytree(template, data)
        with cls.opened(embedded(data), sandbox) as opened:
            yield opened

    def people(self) -> None:
        """Open an account for every role, a second salesperson and a head of sales."""
        for role in Role:
            self.person(str(role), frozenset({role}), DEPARTMENTS[role])
        self.person("sales2", frozenset({Role.SALES}), Department.SALES)
        self.person("sales_head", frozenset({Role.SALES}), Department.SALES, head=True)
        self.person("archivist2", frozenset({Role.ARCHIVIST}), Department.CUSTOMER_SERVICE)

    def person(
        self, login: str, roles: frozenset[Role], department: Department, *, head: bool = False
    ) -> None:
        """Open one account."""
        new = accounts.NewPerson(login, login.upper(), department, roles, password(login), head)
        cli = service_actor("cli")
        with self.archive.call(cli, Action.USER_MANAGE, Subject("person"), writes=True) as call:
            accounts.add(call, new)

    def actor(self, login: str, *, via: str = "session") -> Actor:
        """Return somebody as an actor."""
        with self.archive.db.read() as db:
            person = accounts.person_by_login(db, login)
            assert person is not None, login
            actor = actor_of(db, person, via=via, today=today(self.archive))
        assert actor is not None
        return actor

    def id(self, login: str) -> str:
        """Return somebody's id."""
        return self.actor(login).person

    def customer(
        self,
        name: str = "宁波望潮汽车零部件有限公司",
        category: Category | str = Category.INTENDED,
        *,
        owner: str = "sales",
        coworkers: tuple[str, ...] = (),
        by: str = "service_officer",
        filed: bool = False,
    ) -> CustomerFile:
        """Open a customer file."""
        with self.archive.call(self.actor(by), Action.CUSTOMER_CREATE, Subject("customer")) as call:
            made = customers.create(
                call,
                name=name,
                category=str(category),
                owner=self.id(owner),
                coworkers=[self.id(c) for c in coworkers],
                coop_type="project" if category == Category.ACTIVE else None,
            )
        if not filed:
            return made
        with self.archive.call(
            self.actor("archivist"), Action.CUSTOMER_FILE, Subject("customer", made.id)
        ) as call:
            return customers.file(call, made.id, if_match=made.rev)

    def document(
        self,
        customer: str,
        content: str | bytes,
        *,
        kind: str = "minutes",
        by: str = "service_officer",
        file_name: str = "纪要.txt",
        properties: Properties | None = None,
    ) -> DocumentView:
        """Upload a document; it is read by `work`."""
        data = content.encode() if isinstance(content, str) else content
        settings = self.archive.settings
        wanted = replace(properties or Properties(), kind=kind)
        with (
            spool(settings.data / "spool", settings.upload_limit, io.BytesIO(data)) as spooled,
            self.archive.call(
                self.actor(by), Action.DOCUMENT_ADD, Subject("customer", customer)
            ) as call,
        ):
            return intake.add(call, customer, intake.Upload(spooled, file_name), wanted)

    def version(
        self, document: str, content: str, *, by: str = "service_officer", file_name: str = "新.txt"
    ) -> DocumentView:
        """Upload a newer version."""
        settings = self.archive.settings
        with (
            spool(
                settings.data / "spool", settings.upload_limit, io.BytesIO(content.encode())
            ) as spooled,
            self.archive.call(
                self.actor(by), Action.DOCUMENT_ADD_VERSION, Subject("document", document)
            ) as call,
        ):
            return intake.add_version(call, document, intake.Upload(spooled, file_name))

    def file(self, document: str, *, by: str = "archivist") -> DocumentView:
        """File a document."""
        with self.archive.call(
            self.actor(by), Action.DOCUMENT_FILE, Subject("document", document)
        ) as call:
            return filing.file(call, document)

    def move(self, customer: str, to: str, *, by: str = "archivist") -> CustomerFile:
        """Move a customer to another category."""
        with self.archive.call(
            self.actor(by), Action.CUSTOMER_MOVE_CATEGORY, Subject("customer", customer)
        ) as call:
            rev = customers.get(call, customer).rev
            coop = "project" if to == Category.ACTIVE else None
            return categories.move(
                call, customer, if_match=rev, to=to, reason="签约", coop_type=coop
            )

    def shown(self, document: str, by: str) -> DocumentView:
        """Open a document's page."""
        subject = Subject("document", document)
        with self.archive.call(self.actor(by), Action.DOCUMENT_READ, subject) as call:
            return documents.get(call, document)

    def original(self, document: str, by: str) -> bytes:
        """Download a document's newest original."""
        subject = Subject("document", document)
        with self.archive.call(self.actor(by), Action.DOCUMENT_ORIGINAL, subject) as call:
            fetched = originals.fetch(call, document)
        return b"".join(fetched.chunks())

    def edit(self, document: str, by: str, **wanted: str) -> DocumentView:
        """Change a document's properties."""
        subject = Subject("document", document)
        with self.archive.call(self.actor(by), Action.DOCUMENT_EDIT, subject) as call:
            rev = documents.hold(call, call.db, document, by=Action.DOCUMENT_EDIT).document.rev
            new = Properties(**wanted)  # type: ignore[arg-type]
            return properties.edit(call, document, new, if_match=rev)

    def withdraw(self, document: str, by: str) -> DocumentView:
        """Take a document back."""
        subject = Subject("document", document)
        with self.archive.call(self.actor(by), Action.DOCUMENT_WITHDRAW, subject) as call:
            return filing.withdraw(call, document, "传错文件")

    def send_back(self, document: str) -> DocumentView:
        """Return a document to who brought it."""
        subject = Subject("document", document)
        with self.archive.call(self.actor("archivist"), Action.DOCUMENT_RETURN, subject) as call:
            return filing.send_back(call, document, "缺盖章")

    def change(self, login: str, wanted: accounts.PersonChange) -> accounts.PersonView:
        """Change somebody's account, also one that is switched off."""
        with self.archive.db.read() as db:
            person = db.scalars(select(Person.id).where(Person.login == login)).one()
        subject, cli = Subject("person", person), service_actor("cli")
        with self.archive.call(cli, Action.USER_MANAGE, subject, writes=True) as call:
            return accounts.change(call, person, wanted)

    def worker(self) -> Worker:
        """Return a worker on this world's sandbox."""
        return Worker(self.archive, children=1, sandbox=self.sandbox)

    def work(self) -> None:
        """Do all waiting jobs."""
        with self.worker() as worker:
            worker.drain()

    def search(
        self,
        q: str,
        *,
        by: str,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        limit: int = 20,
        cursor: str | None = None,
    ) -> finding.Answer:
        """Search with somebody's rights."""
        question = finding.Question(q, filters or Filters(), sort, limit, cursor)
        with self.archive.call(
            self.actor(by), Action.SEARCH_RUN, Subject("search"), detail={"q": q or "-"}
        ) as call:
            return finding.search(call, question)

    def found(self, q: str, *, by: str) -> set[str]:
        """Return the ids of what somebody finds."""
        answer = self.search(q, by=by, limit=100)
        assert answer.total == len(answer.items)
        return {item.id for item in answer.items}

    def verify(self) -> Report:
        """Verify the log."""
        with self.archive.db.read() as db:
            return verify(db, self.archive.keystore.detail_key)


def policy_with(folder: Path, name: str, before: str, after: str) -> Path:
    """Write the packaged policy text of that name into a folder, with one thing changed."""
    packaged = (Path(policy.__file__).parent / name).read_text(encoding="utf-8")
    assert before in packaged
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(packaged.replace(before, after, 1), encoding="utf-8")
    return folder


def embedded(data: Path) -> Settings:
    """Return settings of an embedded archive in a folder."""
    return Settings(data=data, demo=False, threads=8, soffice="none")
