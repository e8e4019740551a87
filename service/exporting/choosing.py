"""Which documents an export is about: found as the person who asks finds them."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from service import customers, finding, inside
from service.archive import Call
from service.codes import Sort
from service.errors import Invalid
from service.exporting.asked import Conditions
from service.finding import Question
from service.models import Customer, CustomerView, Document


@dataclass(frozen=True, slots=True)
class Chosen:
    """How many documents fit, and which: none of them where there are more than asked for."""

    total: int
    documents: tuple[str, ...]
    #: the client whose documents they all are
    customer: str | None = None
    name: str = ""


def chosen(call: Call, wanted: Conditions, most: int) -> Chosen:
    """Return what fits, in the order of the page, if it is no more than `most`.

    Raises `Invalid` for days that are none, `NotFound` for a client one may not see.
    """
    first, last = wanted.filters.day_from, wanted.filters.day_to
    if first and last and first > last:
        raise Invalid("The last day is before the first.", fields={"to": "backwards"})
    if wanted.of:
        return _of_customer(call, wanted, most)
    question = Question(wanted.q, wanted.filters, Sort(wanted.sort))
    total, documents = finding.identified(call, question, most)
    return Chosen(total, documents)


def _of_customer(call: Call, wanted: Conditions, most: int) -> Chosen:
    """Return a client's documents, the newest first; a day is that of the document or its upload.

    All that one may read: also what could not be read by the archive, or is not filed yet.
    """
    call.about(type="customer")
    seen = customers.visible(call, call.db, wanted.of)
    zone = ZoneInfo(call.archive.settings.timezone)
    first, last = wanted.filters.day_from, wanted.filters.day_to
    rows = call.db.execute(
        select(Document.id, Document.dated, Document.created)
        .join(Customer, Customer.id == Document.customer)
        .where(Document.customer == wanted.of, inside.documents(call.scopes))
        .order_by(Document.serial.desc())
    )
    days = [(one, dated or created.astimezone(zone).date()) for one, dated, created in rows]
    fitting = tuple(
        one for one, day in days if (not first or day >= first) and (not last or day <= last)
    )
    name = call.db.get_one(CustomerView, wanted.of).name
    kept = fitting if len(fitting) <= most else ()
    return Chosen(len(fitting), kept, seen.row.id, name)
