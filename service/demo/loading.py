"""Load the demo archive through the same functions people use, each step by its own person."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy import select

from service import accounts, customers, filing, intake, passwords
from service.archive import Archive
from service.audit.entries import Subject
from service.codes import Status
from service.demo import content
from service.models import Person
from service.permissions import Action, Actor, service_actor
from service.profiles import NewValue
from service.properties import Properties
from service.signins import actor_of
from service.spool import spool

#: Says how far loading is: done so far, in all.
Progress = Callable[[int, int], None]

CLI = service_actor("cli")


def empty(archive: Archive) -> bool:
    """Say whether nobody has an account yet."""
    with archive.db.read() as db:
        return db.scalars(select(Person.id).limit(1)).first() is None


def load(archive: Archive, progress: Progress) -> dict[str, str]:
    """Load people, customers and documents; return the passwords by login."""
    demo = content.read()
    total = len(demo.people) + len(demo.customers) + len(demo.documents)
    chosen = {person.login: passwords.generated() for person in demo.people}
    _keep(archive.settings.data, chosen)
    done = 0
    for person in demo.people:
        _add_person(archive, person, chosen[person.login])
        progress(done := done + 1, total)
    ids = {}
    for customer in demo.customers:
        ids[customer.key] = _add_customer(archive, customer)
        progress(done := done + 1, total)
    documents: dict[str, str] = {}
    for document in demo.documents:
        _add_document(archive, document, ids, documents)
        progress(done := done + 1, total)
    return chosen


def _keep(data: Path, chosen: dict[str, str]) -> None:
    path = content.accounts_file(data)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(chosen, file, indent=1)


def as_person(archive: Archive, login: str) -> Actor:
    """Return a demo person as an actor."""
    with archive.db.read() as db:
        person = accounts.person_by_login(db, login)
        actor = actor_of(db, person, via="cli") if person else None
    if actor is None:
        message = f"nobody is called {login}"
        raise LookupError(message)
    return actor


def _add_person(archive: Archive, person: content.Person, password: str) -> None:
    new = accounts.NewPerson(
        person.login, person.name, person.department, frozenset(person.roles), password, person.head
    )
    with archive.call(CLI, Action.USER_MANAGE, Subject("person"), writes=True) as call:
        accounts.add(call, new)


def _add_customer(archive: Archive, customer: content.Customer) -> str:
    creator = as_person(archive, customer.created_by)
    told = {**customer.fields, "company.short_name": customer.short_name}
    values = {
        key: NewValue(value, channel="demo", person=creator.name)
        for key, value in told.items()
        if value
    }
    people = {p: as_person(archive, p).person for p in (customer.owner, *customer.coworkers)}
    with archive.call(creator, Action.CUSTOMER_CREATE, Subject("customer")) as call:
        made = customers.create(
            call,
            name=customer.name,
            category=str(customer.category),
            owner=people[customer.owner],
            coworkers=[people[p] for p in customer.coworkers],
            fields=values,
            coop_type=str(customer.coop_type) if customer.coop_type else None,
        )
    if customer.status is Status.FILED and customer.filed_by:
        filer = as_person(archive, customer.filed_by)
        with archive.call(filer, Action.CUSTOMER_FILE, Subject("customer", made.id)) as call:
            customers.file(call, made.id, if_match=made.rev)
    return made.id


def _add_document(
    archive: Archive,
    document: content.Document,
    ids: dict[str, str],
    documents: dict[str, str],
) -> None:
    uploader = as_person(archive, document.uploaded_by)
    settings = archive.settings
    with document.original.open("rb") as source:
        spooled = spool(settings.data / "spool", settings.upload_limit, cast("BinaryIO", source))
    with spooled:
        upload = intake.Upload(spooled, document.file)
        if document.version_of:
            first = documents[document.version_of]
            subject = Subject("document", first)
            with archive.call(uploader, Action.DOCUMENT_ADD_VERSION, subject) as call:
                view = intake.add_version(call, first, upload)
        else:
            customer = ids[document.customer]
            with archive.call(uploader, Action.DOCUMENT_ADD, Subject("customer", customer)) as call:
                view = intake.add(call, customer, upload, _properties(document))
    documents[document.file] = view.id
    if document.filed_by:
        filer = as_person(archive, document.filed_by)
        with archive.call(filer, Action.DOCUMENT_FILE, Subject("document", view.id)) as call:
            filing.file(call, view.id)
    if document.returned_by:
        clerk = as_person(archive, document.returned_by)
        with archive.call(clerk, Action.DOCUMENT_RETURN, Subject("document", view.id)) as call:
            filing.send_back(call, view.id, document.return_reason or "")


def _properties(document: content.Document) -> Properties:
    dated: date | None = document.dated
    return Properties(
        kind=document.kind,
        title=document.title,
        grade=str(document.grade) if document.grade else None,
        dated=dated,
        number=document.number,
    )
