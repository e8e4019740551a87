"""One rule says what a case number is, whatever is opened or given away for it."""

from collections.abc import Callable

import pytest

from service import log_entry, sealed_words
from service.audit.entries import Subject
from service.bundles import exports, handing
from service.bundles.exports import New
from service.errors import Invalid
from service.log_questions import Sought, Wanted
from service.permissions import Action
from tests.bundled import asked
from tests.world import World


def furnish(world: World) -> str:
    """Have something to open: a bundle that waits."""
    world.search("谐波减速器", by="sales")
    return asked(world)


def verdict(way: Callable[[], object]) -> str | None:
    """Return what is said of the case number; None for a good one."""
    try:
        way()
    except Invalid as refusal:
        return refusal.fields.get("case", "another field")
    return None


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        ("FW-HC-2026-Q4-03", None),
        (" 闽检〔2026〕12号 ", None),
        ("案件\u30002026", None),
        ("x" * 60, None),
        ("", "required"),
        (" \u3000", "required"),
        ("FW1", "too_short"),
        ("x" * 61, "too_long"),
        ("FW-1\x1b[31m", "format"),
        ("FW-1\nFW-2", "format"),
        ("FW-1\u202e", "format"),
    ],
)
def test_a_case_number_is_good_everywhere_or_nowhere(
    world: World, furnished: tuple[object, str], case: str, wrong: str | None
) -> None:
    actor, audit, bundle = world.actor("auditor"), Subject("audit"), furnished[1]

    def entry() -> object:
        with world.archive.call(actor, Action.AUDIT_OPEN, audit) as call:
            return log_entry.open_sealed(call, 1, case)

    def words() -> object:
        with world.archive.call(actor, Action.AUDIT_OPEN, audit) as call:
            return sealed_words.look(call, Wanted(), "谐波", case, None)

    def whole() -> object:
        new = New(case, "核查", Sought())
        with world.archive.call(actor, Action.AUDIT_EXPORT, Subject("export"), writes=True) as call:
            return exports.request(call, new)

    def numbers() -> object:
        subject = Subject("export", bundle)
        with world.archive.call(actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
            return handing.open_numbers(call, bundle, case, [1])

    assert [verdict(way) for way in (entry, words, whole, numbers)] == [wrong] * 4
