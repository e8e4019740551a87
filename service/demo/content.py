"""What the demo archive holds, read from demo.toml: people, customers, documents."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from service.codes import Category, CooperationType, Department, Filing, Grade, Role, Status


def accounts_file(data: Path) -> Path:
    """Return where the demo people's passwords are kept."""
    return data / "demo-accounts.json"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in."""

    login: str
    name: str
    department: Department
    roles: tuple[Role, ...]
    head: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer file; people appear by login. `key` is known only inside the demo."""

    key: str
    name: str
    short_name: str
    category: Category
    coop_type: CooperationType | None
    owner: str
    coworkers: tuple[str, ...]
    created_by: str
    filed_by: str | None
    fields: Mapping[str, str]

    @property
    def status(self) -> Status:
        """Return where the file stands: filed by somebody, or still a draft."""
        return Status.FILED if self.filed_by else Status.DRAFT


@dataclass(frozen=True, slots=True)
class Document:
    """A document, or a further version of the one first added as `version_of`.

    `grade` is only set where it is raised above what the kind gets.
    """

    file: str
    customer: str
    kind: str
    title: str
    dated: date
    number: str | None
    grade: Grade | None
    version_of: str | None
    uploaded_by: str
    filed_by: str | None
    returned_by: str | None
    return_reason: str | None

    @property
    def filing(self) -> Filing:
        """Return where the version stands once the demo is loaded."""
        if self.filed_by:
            return Filing.FILED
        return Filing.RETURNED if self.returned_by else Filing.SUBMITTED

    @property
    def original(self) -> Traversable:
        """Return the packaged file, to be opened or streamed."""
        return resources.files("service.demo") / "documents" / self.file


@dataclass(frozen=True, slots=True)
class Demo:
    """The whole demo archive, in the order it is to be loaded."""

    people: tuple[Person, ...]
    customers: tuple[Customer, ...]
    documents: tuple[Document, ...]


def read() -> Demo:
    """Read the packaged demo archive."""
    text = (resources.files("service.demo") / "demo.toml").read_text("utf-8")
    toml = tomllib.loads(text)
    return Demo(
        tuple(map(_person, toml["people"])),
        tuple(map(_customer, toml["customers"])),
        tuple(map(_document, toml["documents"])),
    )


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        login=row["login"],
        name=row["name"],
        department=Department(row["department"]),
        roles=tuple(map(Role, row["roles"])),
        head=row.get("head", False),
    )


def _customer(row: Mapping[str, Any]) -> Customer:
    coop_type = row.get("coop_type")
    return Customer(
        key=row["key"],
        name=row["name"],
        short_name=row["short_name"],
        category=Category(row["category"]),
        coop_type=CooperationType(coop_type) if coop_type else None,
        owner=row["owner"],
        coworkers=tuple(row["coworkers"]),
        created_by=row["created_by"],
        filed_by=row.get("filed_by"),
        fields=row["fields"],
    )


def _document(row: Mapping[str, Any]) -> Document:
    grade = row.get("grade")
    return Document(
        file=row["file"],
        customer=row["customer"],
        kind=row["kind"],
        title=row["title"],
        dated=row["dated"],
        number=row.get("number"),
        grade=Grade(grade) if grade else None,
        version_of=row.get("version_of"),
        uploaded_by=row["uploaded_by"],
        filed_by=row.get("filed_by"),
        returned_by=row.get("returned_by"),
        return_reason=row.get("return_reason"),
    )
