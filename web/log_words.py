"""The words of the log for people: verbs, ways a document was shown, rules, members of an entry."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from web import labels
from web.words import N_, choices_of, word_of

VERB = {
    "create": N_("Establish"),
    "collect": N_("Collect"),
    "arrange": N_("Arrange"),
    "file": N_("File (verb)"),
    "keep": N_("Keep"),
    "update": N_("Update"),
    "read": N_("Consult"),
    "use": N_("Use"),
    "share": N_("Share"),
    "destroy": N_("Destroy"),
    "auth": N_("Sign in and out"),
    "admin": N_("Administer"),
}
HOW = {
    "listed": N_("Listed"),
    "snippet": N_("Shown with a snippet"),
    "opened": N_("Looked into"),
    "downloaded": N_("Downloaded"),
}
PHASE = {
    "intent": N_("Intent, before anything is read"),
    "outcome": N_("Outcome"),
    "delivered": N_("Delivery of the file"),
    "event": N_("Event"),
}
VIA = {
    "session": N_("Browser"),
    "token": N_("Program with a token"),
    "cli": N_("Command line"),
    "job": N_("Work in the background"),
}
ACTOR = {
    "person": N_("Person"),
    "service": N_("The archive itself"),
    "anonymous": N_("nobody signed in"),
}
OBJECT = {
    "archive": N_("The archive"),
    "audit": N_("Access log"),
    "customer": N_("Client file"),
    "deputy": N_("Deputy"),
    "document": N_("Document"),
    "export": N_("Compliance bundle"),
    "export_file": N_("Exported file"),
    "home": N_("Home page"),
    "import": N_("Import"),
    "index": N_("Search index"),
    "job": N_("Job"),
    "log": N_("Access log"),
    "person": N_("Person"),
    "policy": N_("Policy"),
    "request": N_("Form"),
    "search": N_("Search"),
    "session": N_("Sign-in"),
    "status": N_("System status"),
    "token": N_("Token"),
}
ERROR = {
    "unauthenticated": N_("nobody was signed in"),
    "denied": N_("not allowed"),
    "step_up": N_("the password had to be given again"),
    "not_found": N_("there is nothing under this address"),
    "hidden": N_("hidden from this person"),
    "invalid": N_("some values could not be taken"),
    "too_large": N_("too large"),
    "unsupported": N_("a kind of file that is not taken"),
    "conflict": N_("its state does not allow it"),
    "stale": N_("somebody else changed it first"),
    "too_many": N_("too often"),
    "internal": N_("an error of the program"),
    "overtaken": N_("another worker has taken it over"),
}
#: the last part of a rule: what decided beside the role
REASON = {
    "none": N_("no role of this person allows it"),
    "service": N_("work of the archive itself"),
    "scope": N_("outside what this person may see"),
    "not_creator": N_("not by who opened the file"),
    "not_uploader": N_("not by who uploaded it"),
    "not_self": N_("not for oneself"),
    "before_filing": N_("only before filing"),
    "withdrew": N_("only by who withdrew it"),
    "in_scope": N_("only inside what one may see"),
    "password": N_("wrong password"),
    "locked": N_("locked after too many failures"),
    "link": N_("wrong password link"),
    "deputy": N_("not by a deputy"),
    "privileged": N_("privileged seats are changed elsewhere"),
    "origin": N_("the form came from another site"),
    "state": N_("its state does not allow it"),
    "quarantined": N_("waits for the virus scanner"),
    "lower": N_("only archivists and service managers lower a grade"),
    "step_up": N_("the password had to be given again"),
    "case": N_("with a case number"),
    "everyone": N_("everybody may"),
    "uploader": N_("the uploader may"),
}
#: the members of an entry, and of what was sealed with it
MEMBER = {
    "ts": N_("Time"),
    "phase": N_("Kind of entry"),
    "actor": N_("Person"),
    "dept": N_("Department"),
    "roles": N_("Roles"),
    "via": N_("Way in"),
    "sess": N_("Mark of the sign-in"),
    "cause": N_("Caused by entry"),
    "action": N_("Action"),
    "verb": N_("Verb of the regulation"),
    "object": N_("Object"),
    "version": N_("Version"),
    "customer": N_("Client"),
    "categories": N_("Client type"),
    "modules": N_("Module"),
    "grade": N_("Grade"),
    "part": N_("Part"),
    "purpose": N_("Purpose"),
    "approval": N_("Approval"),
    "decision": N_("Result"),
    "rule": N_("Rule"),
    "policy": N_("Policy in force"),
    "count": N_("Number returned"),
    "ids_digest": N_("Digest of what was returned"),
    "bytes": N_("Sent"),
    "complete": N_("Sent whole"),
    "error": N_("Why not"),
    "before": N_("Before"),
    "after": N_("After"),
    "detail": N_("Commitment to the sealed content"),
    "app": N_("Program"),
    "leaf": N_("Leaf of the tree"),
    "chain": N_("Chain value"),
    "q": N_("Query"),
    "format": N_("Kind of file"),
    "filters": N_("Filters"),
    "ip": N_("Address"),
    "agent": N_("Browser"),
    "login": N_("Typed login name"),
    "reason": N_("Reason"),
    "evidence": N_("Evidence"),
    "touched": N_("Documents shown"),
    "stands_in": N_("Stands in for"),
    "case": N_("Case number"),
    "entry": N_("Entry number"),
    "words": N_("Words looked for"),
    "successor": N_("Successor"),
    "status": N_("Status"),
}
#: how unusual behaviour is named
UNUSUAL = {
    "many_opened": N_("Many documents opened in an hour"),
    "odd_hours": N_("Documents opened at night or on a weekend"),
    "many_denials": N_("Many refusals in an hour"),
    "many_customers": N_("Many different clients in a day"),
    "walking": N_("Tries one address after another"),
}
#: why a compliance bundle was not made, and what helps
UNMADE = {
    "too_large": N_("It became too large. Ask for fewer days, or without a certificate."),
    "corrupt": N_("What was asked for can no longer be read. Ask for it again."),
    "denied": N_("Who asked for it may not have it any more."),
}
#: why an export was not made, and what helps
UNWRITTEN = {
    **UNMADE,
    "too_large": N_("It became too large. Ask for fewer documents."),
}

#: what a check of the whole log found, by the code of the verdict, and from which entry on
BROKEN = {
    10: N_("Entry %(number)s is not as it was written."),
    11: N_("Entry %(number)s does not continue the one before."),
    12: N_("Entry %(number)s is missing."),
    13: N_("From entry %(number)s on it is not the log that was signed."),
    14: N_("From entry %(number)s on entries are missing that were signed."),
    15: N_("A signature or a key is not valid."),
    16: N_("Two signed notes contradict each other from entry %(number)s on."),
}

TABLES: Mapping[str, Mapping[str, str]] = {
    "verb": VERB,
    "how": HOW,
    "phase": PHASE,
    "via": VIA,
    "actor": ACTOR,
    "object": OBJECT,
    "error": ERROR,
    "reason": REASON,
    "member": MEMBER,
    "unusual": UNUSUAL,
    "unmade": UNMADE,
    "unwritten": UNWRITTEN,
}


def word(table: str, code: object) -> str:
    """Return the word for a code of the log; a code that has none shows itself."""
    return word_of(TABLES[table], code)


def broken(code: int, number: int | None) -> str:
    """Return the sentence for what a check of the whole log found."""
    return str(gettext(BROKEN[code], number=f"{number:,}" if number is not None else "?"))


def choices(table: str) -> list[tuple[str, str]]:
    """Return every code of a table with its word, in the table's order."""
    return choices_of(TABLES[table])


def rule(code: str | None) -> str:
    """Return what a rule says, as `audit.read:auditor` or `document.file:archivist:not_uploader`.

    The first part is what was asked for and stands beside it anyway.
    """
    parts = (code or "").split(":")[1:]
    said = [_of_rule(part) for part in parts]
    return str(gettext(", ")).join(said)


def _of_rule(part: str) -> str:
    if part in labels.ROLE:
        return str(gettext("Role %(role)s", role=labels.label("role", part)))
    return word("reason", part)


def why(rule_code: str | None, error: str | None) -> str:
    """Return reason or rule of an entry in words."""
    said = rule(rule_code)
    if error and error not in ("denied", "hidden"):
        return word("error", error)
    return said or word("error", error)


#: members whose codes have words of their own: in a table of the archive, or of the log
_CODES = {
    "action": "action",
    "categories": "category",
    "modules": "module",
    "grade": "grade",
    "decision": "decision",
    "category": "category",
    "filing": "filing",
    "status": "status",
    "dept": "department",
    "roles": "role",
    "kind": "kind",
    "module": "module",
    "coop_type": "cooperation",
}
_LOG_CODES = {"phase": "phase", "via": "via", "verb": "verb", "error": "error"}

#: members of a body in the order people read them
_ORDER = (
    *("phase", "action", "verb", "actor", "via", "sess", "object", "customer", "categories"),
    *("modules", "grade", "part", "purpose", "approval", "decision", "rule", "result"),
    *("before", "after", "cause", "policy", "detail", "app"),
)

Said = tuple[str, str]


def said(body: Mapping[str, Any], names: Mapping[str, str]) -> list[Said]:
    """Return the members of a body in words, as name and text; `names` are people's by id."""
    found: list[Said] = []
    for member in _ORDER:
        value = body.get(member)
        if value is not None:
            found += _members(member, value, names)
    return found


def _members(member: str, value: object, names: Mapping[str, str]) -> list[Said]:
    if not isinstance(value, Mapping):
        return [(word("member", member), text(member, value))]
    if member == "actor":
        return _actor(value, names)
    if member == "object":
        kind = word("object", value.get("type"))
        said_of = [("object", " ".join(filter(None, (kind, value.get("id")))))]
        said_of += [("version", str(value["version"]))] if "version" in value else []
    elif member == "result":
        said_of = [(name, text(name, inner)) for name, inner in value.items()]
    elif member == "policy":
        said_of = [("policy", f"{value.get('id', '')} {str(value.get('sha256', ''))[:16]}")]
    elif member == "part":
        said_of = [("part", _part(value))]
    else:
        said_of = [(member, "; ".join(text(name, inner) for name, inner in value.items()))]
    return [(word("member", name), text) for name, text in said_of]


def _actor(actor: Mapping[str, Any], names: Mapping[str, str]) -> list[Said]:
    who = str(actor.get("id", ""))
    name = names.get(who) or (who if actor.get("kind") == "service" else "")
    kind = word("actor", actor.get("kind"))
    found = [(word("member", "actor"), " ".join(filter(None, (name or kind, name and who))))]
    if dept := actor.get("dept"):
        found.append((word("member", "dept"), labels.label("department", dept)))
    if roles := actor.get("roles"):
        found.append((word("member", "roles"), text("roles", roles)))
    return found


def _part(part: Mapping[str, Any]) -> str:
    if "page" in part:
        return str(gettext("p. %(number)s", number=part["page"]))
    if "from" in part:
        return f"{part['from']}–{part.get('to', '')}"
    return ", ".join(part)


def text(member: str, value: object) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, Mapping):
        return "; ".join(
            str(gettext("%(group)s: %(value)s", group=_name(k), value=text(k, v)))
            for k, v in value.items()
        )
    if isinstance(value, (list, tuple)):
        return str(gettext(", ")).join(text(member, one) for one in value)
    if member == "rule":
        return f"{rule(str(value))} ({value})"
    if member in _LOG_CODES:
        return word(_LOG_CODES[member], value)
    return labels.label(_CODES[member], value) if member in _CODES else str(value)


def _name(member: str) -> str:
    if member in MEMBER:
        return word("member", member)
    if member in labels.FACET:
        return labels.label("facet", member)
    known = member in labels.INPUT or member in labels.FIELD
    return labels.input_name(member) if known else member


def asked(conditions: Mapping[str, Any]) -> list[str]:
    """Return what narrowed a list, one condition after the other, as people read it."""
    return [
        str(gettext("%(group)s: %(value)s", group=_name(name), value=text(name, value)))
        for name, value in conditions.items()
    ]


def opened(members: Mapping[str, Any]) -> list[Said]:
    """Return what was sealed with an entry in words, as name and text."""
    return [(_name(name), _opened(name, value)) for name, value in members.items()]


def _opened(name: str, value: object) -> str:
    if name == "touched" and isinstance(value, list):
        pairs = [one for one in value if isinstance(one, list) and len(one) == 2]  # noqa: PLR2004
        return "\n".join(f"{document} {word('how', how)}" for document, how in pairs)
    return text(name, value)
