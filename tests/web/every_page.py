"""Every page of the portal: where it is, and who looks at it. Its archive is made by `furnish`."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from service import corrections, deputies, password_links, signins
from service.audit.entries import Subject
from service.codes import Category
from service.imports import batches
from service.imports.items import Announced
from service.permissions import Action, service_actor
from tests import exported as exports
from tests.bundled import asked
from tests.recognised import scan
from tests.web.browsing import Person, Portal
from tests.world import World

STRANGER = ""

PAGES = (
    ("archivist", "/"),
    ("archivist", "/customers"),
    ("archivist", "/customers/new"),
    ("archivist", "/customers/{customer}"),
    ("archivist", "/customers/{customer}?tab=all"),
    ("archivist", "/documents/{document}"),
    ("archivist", "/documents/{document}?q=KR210"),
    ("archivist", "/documents/{document}/move"),
    ("archivist", "/documents/{document}/move?q=none"),
    ("archivist", "/documents/{withdrawn}"),
    ("archivist", "/documents/{scanned}?q=KR210"),
    ("archivist", "/documents/{scanned}/pages/1/correct"),
    ("archivist", "/documents/{scanned}/text/history?revision=2"),
    ("archivist", "/search?q=KR210"),
    ("archivist", "/search?q=nothing&year=2020"),
    ("archivist", "/search?category=active"),
    ("archivist", "/upload"),
    ("archivist", "/upload?customer={customer}"),
    ("archivist", "/imports"),
    ("archivist", "/imports/{batch}"),
    ("archivist", "/imports/new?customer={customer}"),
    ("archivist", "/photos?customer={customer}"),
    ("archivist", "/exports"),
    ("archivist", "/exports/new?q=KR210"),
    ("archivist", "/exports/new?of={customer}"),
    ("archivist", "/exports/{exported}"),
    ("sales2", "/exports"),
    ("auditor", "/exports"),
    ("archivist", "/account"),
    ("archivist", "/log"),
    ("archivist", "/nowhere"),
    ("archivist", "/status"),
    ("sales", "/"),
    ("sales", "/customers/{customer}"),
    ("sales", "/documents/{withdrawn}"),
    ("sales", "/upload"),
    ("sales", "/upload?customer={customer}"),
    ("sales2", "/imports"),
    ("sales", "/imports/{batch}"),
    ("sales", "/imports/{batch}?sort=failed"),
    ("sales", "/imports/new"),
    ("sales", "/photos"),
    ("sales", "/account"),
    ("sales", "/log"),
    ("sales", "/nowhere"),
    ("sales2", "/account"),
    ("auditor", "/"),
    ("auditor", "/log"),
    ("auditor", "/log?action=search.run&dept=sales"),
    ("auditor", "/log?decision=deny&actor=nobody"),
    ("auditor", "/log/3"),
    ("auditor", "/log/documents/{document}"),
    ("auditor", "/log/people/{owner}"),
    ("auditor", "/log/unusual"),
    ("auditor", "/log/figures"),
    ("auditor", "/log/words?dept=sales"),
    ("auditor", "/log/bundles"),
    ("auditor", "/log/bundles/new?action=search.run"),
    ("auditor", "/log/bundles/{bundle}"),
    ("sales", "/log/bundles"),
    ("auditor", "/history"),
    ("sales", "/history"),
    ("auditor", "/status"),
    ("security_admin", "/"),
    ("security_admin", "/people"),
    ("security_admin", "/people/{owner}/off"),
    ("security_admin", "/status"),
    ("system_admin", "/status"),
    (STRANGER, "/sign-in"),
    (STRANGER, "/password?link={link}"),
    (STRANGER, "/password?link=used"),
)

_REFUSED = {
    ("archivist", "/nowhere"): 404,
    ("sales", "/nowhere"): 404,
    ("archivist", "/log"): 403,
    ("sales", "/log"): 403,
    ("sales", "/log/bundles"): 403,
    ("auditor", "/exports"): 403,
    (STRANGER, "/password?link=used"): 404,
}


def status(login: str, path: str) -> int:
    """Return the status with which a page is shown."""
    return _REFUSED.get((login, path), 200)


@dataclass(frozen=True, slots=True)
class Places:
    """What the addresses of pages have in them."""

    customer: str
    document: str
    withdrawn: str
    scanned: str
    owner: str
    link: str
    batch: str
    bundle: str
    exported: str

    def address(self, path: str) -> str:
        """Return where a page is."""
        return path.format(**asdict(self))


def furnish(world: World) -> Places:
    """Bring in something for every page to show: documents, a deputy, a link for a password."""
    customer = world.customer(category=Category.ACTIVE, owner="sales", filed=True).id
    world.customer("乙汽车有限公司", Category.INTENDED, owner="sales2")
    document = world.document(customer, "维修记录：减速机异响 KR210", kind="repair", by="sales").id
    withdrawn = world.document(customer, "来函", kind="letter", by="sales").id
    world.work()
    world.withdraw(withdrawn, "sales")
    said = [("减迷机 KR210", 0.6), ("验收合格", 0.97)]
    scanned = scan(world, customer, said, by="sales", name="scan.tif").id
    subject = Subject("document", scanned)
    with world.archive.call(world.actor("sales"), Action.DOCUMENT_EDIT, subject) as call:
        corrections.correct(call, scanned, 1, "减速机 KR210\n验收合格", if_match="1.1")
    world.work()
    bundle, exported = asked(world), exports.asked(world, "archivist")
    world.work()
    owner, deputy = world.id("sales"), world.id("sales2")
    today = signins.today(world.archive)
    with world.archive.call(
        world.actor("sales"), Action.DEPUTY_NAME, Subject("person", deputy)
    ) as call:
        deputies.name(call, deputy, first=today, last=today + timedelta(days=20))
    cli, subject = service_actor("cli"), Subject("person", deputy)
    with world.archive.call(cli, Action.USER_MANAGE, subject, writes=True) as call:
        link = password_links.make(call, deputy)
    batch = _import(world, customer)
    return Places(customer, document, withdrawn, scanned, owner, link, batch, bundle, exported)


def _import(world: World, customer: str) -> str:
    """Announce an import of two files, of which one failed to come."""
    files = [Announced("现场/一.txt", 6), Announced("现场/二.txt", 0, error="empty")]
    new = batches.New(batches.Source.PORTAL, customer, "repair", files=files)
    subject = Subject("import")
    with world.archive.call(world.actor("sales"), Action.IMPORT_RUN, subject, writes=True) as call:
        return batches.create(call, new).id


def visitor(portal: Portal, login: str) -> Person:
    """Return a browser with which somebody is signed in, or nobody."""
    return portal.stranger() if login == STRANGER else portal[login]
