"""The words people read for the archive's codes, in their language: the one place for them.

The tables hold English message ids; the translation catalogue has the rest.
"""

from collections.abc import Mapping

from flask_babel import gettext

from web.action_words import ACTION
from web.words import N_, choices_of, word_of

CATEGORY = {
    "potential": N_("Lead"),
    "intended": N_("Prospect"),
    "active": N_("Active client"),
    "ended": N_("Ended"),
}
#: inside a badge that says how an active customer works with us
ACTIVE_SHORT = N_("Active")
COOPERATION = {"long_term": N_("long-term"), "project": N_("project")}
STATUS = {
    "draft": N_("Draft"),
    "filed": N_("Filed"),
    "dormant": N_("Dormant"),
    "restricted": N_("Restricted"),
    "appraisal": N_("In appraisal"),
    "to_destroy": N_("Awaiting destruction"),
    "destroyed": N_("Destroyed"),
}
MODULE = {
    "company": N_("Company details"),
    "contacts": N_("Contacts"),
    "personal": N_("Personal details"),
    "demand": N_("Needs and talks"),
    "contract": N_("Contracts"),
    "project": N_("Projects"),
    "service": N_("Service"),
    "finance": N_("Finance"),
}
GRADE = {
    "general": N_("General"),
    "confidential": N_("Confidential"),
    "secret": N_("Secret"),
    "top": N_("Top"),
}
FILING = {
    "draft": N_("Draft"),
    "submitted": N_("To be filed"),
    "returned": N_("Returned"),
    "filed": N_("Filed"),
    "withdrawn": N_("Withdrawn"),
}
PROCESSING = {
    "quarantined": N_("Quarantined"),
    "stored": N_("Queued"),
    "extracting": N_("Extracting"),
    "searchable": N_("Searchable"),
    "properties_only": N_("Properties only"),
    "failed": N_("Extraction failed"),
}
DEPARTMENT = {
    "management": N_("Management"),
    "customer_service": N_("Customer Service"),
    "sales": N_("Sales department"),
    "technical": N_("Engineering"),
    "finance": N_("Finance department"),
    "hr": N_("Human Resources"),
    "legal": N_("Legal"),
}
ROLE = {
    "management": N_("Manager"),
    "service_officer": N_("Service officer"),
    "service_manager": N_("Service manager"),
    "archivist": N_("Archivist"),
    "sales": N_("Salesperson"),
    "technical": N_("Engineer"),
    "finance": N_("Accountant"),
    "hr": N_("HR officer"),
    "legal": N_("Lawyer"),
    "system_admin": N_("System administrator"),
    "security_admin": N_("Security administrator"),
    "auditor": N_("Auditor"),
}
KIND = {
    "business_licence": N_("Business licence"),
    "qualification": N_("Qualification"),
    "business_card": N_("Business card"),
    "authorization": N_("Authorization"),
    "id_document": N_("Identity document"),
    "consent": N_("Consent"),
    "requirement": N_("Requirements"),
    "minutes": N_("Minutes"),
    "letter": N_("Correspondence"),
    "other": N_("Other document"),
    "contract": N_("Contract"),
    "supplement": N_("Supplement"),
    "quotation": N_("Quotation"),
    "bid": N_("Bid"),
    "technical_agreement": N_("Technical agreement"),
    "proposal": N_("Technical proposal"),
    "equipment_list": N_("Equipment list"),
    "drawing": N_("Drawing"),
    "commissioning": N_("Commissioning"),
    "acceptance": N_("Acceptance"),
    "schedule": N_("Schedule"),
    "inquiry": N_("Inquiry"),
    "repair": N_("Repair report"),
    "inspection": N_("Inspection"),
    "training": N_("Training"),
    "visit": N_("Follow-up visit"),
    "complaint": N_("Complaint"),
    "invoice": N_("Invoice"),
    "payment": N_("Payment"),
    "statement": N_("Statement of account"),
    "credit_check": N_("Credit check"),
}
FIELD = {
    "company.name": N_("Client name"),
    "company.short_name": N_("Short name"),
    "company.former_name": N_("Former name"),
    "company.industry": N_("Industry"),
    "company.region": N_("Region"),
    "company.scale": N_("Company size"),
    "company.origin": N_("How we met"),
}
#: fields of forms and addresses, as a refusal names them
INPUT = {
    "name": N_("Name"),
    "login": N_("Login name"),
    "password": N_("Password"),
    "again": N_("Once more"),
    "link": N_("Password link"),
    "department": N_("Department"),
    "roles": N_("Roles"),
    "days": N_("Days it lives"),
    "category": N_("Client type"),
    "coop_type": N_("Cooperation"),
    "customer": N_("Client"),
    "owner": N_("Owner"),
    "coworkers": N_("Co-workers"),
    "successor": N_("Successor"),
    "deputy": N_("Deputy"),
    "evidence": N_("Evidence"),
    "reason": N_("Reason"),
    "source": N_("Source"),
    "file": N_("File"),
    "files": N_("Files"),
    "list": N_("List"),
    "photo": N_("Photos"),
    "names": N_("Folder"),
    "size": N_("Size"),
    "text": N_("Text of the page"),
    "leave_out": N_("Leave out what cannot be taken"),
    "kind": N_("Document type"),
    "title": N_("Title"),
    "grade": N_("Grade"),
    "dated": N_("Date"),
    "number": N_("Number"),
    "note": N_("Note"),
    "from": N_("From"),
    "to": N_("Until"),
    "sort": N_("Sort"),
    "cursor": N_("Place in the list"),
    "leave": N_("No longer in my sight"),
    "take": N_("What to take over"),
    "limit": N_("Length of a page"),
    "range": N_("Part of the file"),
    "seen": N_("State the form was made from"),
    "Idempotency-Key": N_("Key of the request"),
    "case": N_("Case number"),
    "words": N_("Words looked for"),
    "statement": N_("Statement"),
    "receiver": N_("Receiver"),
    "certificate": N_("Certificate"),
    "numbers": N_("Numbers"),
    "format": N_("Kind of file"),
    "of": N_("Client"),
    "details": N_("Sealed content"),
}
#: a field that no form has
OTHER_INPUT = N_("Another field")
DECISION = {"allow": N_("Allowed"), "deny": N_("Refused"), "fail": N_("Failed")}
#: why a file gave no text, or less than all
REASON = {
    "damaged": N_("The file is damaged and cannot be read."),
    "password": N_("The file is protected by a password."),
    "wrong_password": N_("The password does not open the file."),
    "virus": N_("It holds a virus."),
    "timeout": N_("Reading took too long."),
    "too_complex": N_("The file is too complex to be read."),
    "killed": N_("Reading the file was stopped for safety."),
    "unsupported": N_("The text of this kind of file cannot be read yet."),
    "unknown_charset": N_("The character set of the text is unknown."),
    "unprintable": N_("LibreOffice could not lay out the file; it opens none with a password."),
    "encrypted": N_("The message is encrypted: only what stands above it was read."),
    "no_text": N_("No text was found in the file."),
    "suspect_layer": N_("Its text layer cannot be believed, and nothing could be recognised."),
    "damaged_page": N_("Some pages could not be read."),
    "missing": N_("The stored file is missing."),
    "corrupt": N_("The stored file is damaged."),
}
#: why a file in a ZIP, a message or a PDF was not taken
LEFT = {
    **REASON,
    "name": N_("Its name leads out of the ZIP."),
    "packing": N_("It is packed or encrypted in a way that cannot be read."),
    "too_deep": N_("It lies too deep in files within files."),
    "too_many": N_("Too many files came at once."),
    "too_large": N_("The file is too large."),
}
#: what is wrong with one field of a form
PROBLEM = {
    "required": N_("This must be filled in."),
    "unknown": N_("There is no such choice."),
    "too_long": N_("This is too long."),
    "long": N_("This is too long."),
    "too_short": N_("This is too short."),
    "length": N_("This is too long or empty."),
    "format": N_("This has the wrong form."),
    "range": N_("This is out of range."),
    "backwards": N_("This day is before the first."),
    "date": N_("Write the date as YYYY-MM-DD."),
    "unchanged": N_("Nothing was changed here."),
    "control_characters": N_("This holds characters that cannot be shown."),
    "source": N_("Say where this comes from."),
    "document": N_("Choose a document of this client."),
    "misplaced": N_("This does not apply here."),
    "separation": N_("These roles exclude each other."),
    "common": N_("This is too easy to guess."),
    "empty": N_("The file is empty."),
    "unsupported": N_("This kind of file is not taken."),
    "too_large": N_("The file is too large."),
    "invalid": N_("There is no such place. Begin at the first page."),
    "window": N_("This is further than can be paged through."),
    "confirm": N_("Tick this to go on."),
    "differs": N_("This is not the same."),
    "used": N_("This was used for something else already."),
    "taken": N_("This name is taken."),
    "too_many": N_("These are too many."),
    "other_size": N_("This is not what was announced."),
    "other_digest": N_("This is not what was announced."),
}
#: what `Unavailable` says of a part when nothing better is known
NO_ANSWER = N_("The %(part)s does not answer.")
PART = {
    "log": N_("access log"),
    "database": N_("database"),
    "keystore": N_("key store"),
    "blobs": N_("file store"),
    "search": N_("search service"),
    "scanner": N_("virus scanner"),
}
#: how the log stands with what was signed of it
ANCHOR = {
    "anchored": N_("anchored outside"),
    "unanchored": N_("not anchored outside"),
    "late": N_("the newest signed note is too old"),
    "unreached": N_("a place outside takes no notes"),
    "refused": N_("not the log that was signed"),
    "broken": N_("a check found that it is not as it was written"),
}
#: where notes are taken
PLACE = {
    "bucket": N_("locked bucket"),
    "mail": N_("mail"),
    "folder": N_("folder"),
}
#: stages of the worker's queues, and their lanes
STAGE = {
    "extract": N_("Reading text"),
    "index": N_("Indexing"),
    "rewrap": N_("Renewing keys"),
    "unpack": N_("Taking out attachments"),
    "scan": N_("Looking for viruses"),
    "lay_out": N_("Laying out Word files and slides"),
    "render": N_("Drawing pages"),
    "bundle": N_("Making compliance bundles"),
    "export_list": N_("Writing lists"),
    "export_documents": N_("Packing documents"),
    "export_copies": N_("Making copies"),
    "import": N_("Bringing imports in"),
}
LANE = {"interactive": N_("at once"), "bulk": N_("in bulk")}
MEASURE = {"index": N_("Index against database"), "keystore": N_("Keys"), "storage": N_("Storage")}
MIRROR = {
    "agrees": N_("holds the same keys"),
    "differs": N_("holds other keys"),
    "away": N_("does not answer"),
    "none": N_("there is none"),
}
#: what is shown with its version; names of products stay as they are
VERSIONED = {"guidang": N_("program"), "schema": N_("database schema")}
FACET = {
    "category": N_("Client type"),
    "module": N_("Module"),
    "kind": N_("Document type"),
    "year": N_("Year"),
    "owner": N_("Owner"),
    "grade": N_("Grade"),
}
SORT = {"relevance": N_("Relevance"), "newest": N_("Newest"), "oldest": N_("Oldest")}
CUSTOMER_SORT = {
    "newest": N_("Newest first"),
    "oldest": N_("Oldest first"),
    "name": N_("By name"),
    "number": N_("By file number"),
}

TABLES: Mapping[str, Mapping[str, str]] = {
    "category": CATEGORY,
    "cooperation": COOPERATION,
    "status": STATUS,
    "module": MODULE,
    "grade": GRADE,
    "filing": FILING,
    "processing": PROCESSING,
    "department": DEPARTMENT,
    "role": ROLE,
    "kind": KIND,
    "field": FIELD,
    "action": ACTION,
    "decision": DECISION,
    "reason": REASON,
    "left": LEFT,
    "problem": PROBLEM,
    "part": PART,
    "stage": STAGE,
    "anchor": ANCHOR,
    "place": PLACE,
    "lane": LANE,
    "measure": MEASURE,
    "mirror": MIRROR,
    "versioned": VERSIONED,
    "facet": FACET,
    "sort": SORT,
    "customer_sort": CUSTOMER_SORT,
}


def label(table: str, code: object) -> str:
    """Return the word for a code; a code that policy added shows itself."""
    return word_of(TABLES[table], code)


def input_name(name: str) -> str:
    """Return how a refusal calls a field, whether of a client's file or of a form."""
    return str(gettext(FIELD.get(name) or INPUT.get(name) or OTHER_INPUT))


def badge(category: object, coop_type: object = None) -> tuple[str, str]:
    """Return the one or two words of a customer's category badge."""
    if not coop_type:
        return label("category", category), ""
    return gettext(ACTIVE_SHORT), label("cooperation", coop_type)


def choices(table: str) -> list[tuple[str, str]]:
    """Return every code of a table with its word, in the table's order."""
    return choices_of(TABLES[table])
