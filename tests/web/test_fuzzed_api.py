"""The API holds whatever is sent: no 500, and nothing that its description does not promise."""

import pytest

from service.imports import packages
from tests.web.fuzzing import Fuzzing

#: requests to each operation from each person
EXAMPLES = 8

#: What everybody does with their own sign-ins and tokens, and asks without fearing a refusal.
_OWN = {
    "show_me",
    "list_history",
    "list_customers",
    "search",
    "list_sessions",
    "end_session",
    "end_sessions",
    "list_tokens",
    "add_token",
    "revoke_token",
    "revoke_tokens",
}
_READS = {"show_customer", "list_documents", "show_document", "show_text", "fetch_content"}
_READS |= {"show_page", "show_thumbnail", "show_hits"}
_READS |= {"show_page_text", "show_text_history", "show_text_difference"}

#: Who must get through to what at least once. Together they get through to everything.
GET_THROUGH = {
    "archivist": _OWN
    | _READS
    | {"create_customer", "change_customer", "file_customer", "move_customer"}
    | {"add_document", "add_photos", "add_version", "change_document", "file_document"}
    | {"return_document", "withdraw_document", "retry_document"}
    | {"move_document", "restore_document"}
    | {"create_import", "list_imports", "show_import", "send_import_file", "report_import"}
    | {"report_import_as_csv", "retry_import", "stop_import", "resume_import"}
    | {"import_zip", "import_listed", "import_folder", "import_listed_folder"}
    | {"preview_import", "begin_import", "discard_import"}
    | {"correct_page", "take_text_revision"}
    | {"export_documents", "show_exported", "fetch_exported"}
    | {"list_suggestions", "settle_suggestions"},
    "sales": _OWN
    | _READS
    | {"change_customer", "add_document", "add_version", "change_document"}
    | {"name_deputy", "show_deputy", "end_deputy", "list_deputies"},
    "auditor": _OWN
    | {"list_events", "show_log", "show_event", "open_event", "search_sealed"}
    | {"create_export", "show_export", "fetch_export", "open_export_entries"},
    "security_admin": _OWN | {"list_users", "show_user", "add_user", "change_user"},
}


def answers_are_as_described(world, login, examples):
    """Send everything as one person; they get through to what they may do."""
    fuzzing = Fuzzing.of(world, login)
    with pytest.MonkeyPatch.context() as patch:
        # of all that send an import to be looked at each gets its tries, not the first alone
        patch.setattr(packages, "_MOST", 1000)
        fuzzing.run(examples)
        fuzzing.follow(examples, 10)
    refused = GET_THROUGH[login] - fuzzing.succeeded()
    assert {name: fuzzing.seen.get(name) for name in refused} == {}
    sent = {name: counted.total() for name, counted in fuzzing.seen.items()}
    assert {name: n for name, n in sent.items() if n < examples} == {}


@pytest.mark.slow
@pytest.mark.parametrize("login", GET_THROUGH)
def test_every_answer_is_one_that_is_described(world, login):
    answers_are_as_described(world, login, EXAMPLES)


# the description does not describe itself to schemathesis; tests/web/test_api_description.py has it
def test_there_is_somebody_who_gets_through_to_every_operation(programs):
    spec = programs.client.get("/api/v1/openapi.json").json
    operations = {op["operationId"] for ops in spec["paths"].values() for op in ops.values()}
    assert set().union(*GET_THROUGH.values()) == operations - {"describe"}
