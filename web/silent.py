"""The few ways into the archive that leave no entry in the log, and why: a closed list.

None of them shows or changes content. Whatever else answers must leave an entry
(tests/web/test_every_way_is_logged.py walks them all; docs/log.md has the same list).
"""

from collections.abc import Mapping

#: endpoint → why there is nothing to log
SILENT: Mapping[str, str] = {
    "static": "packaged files, the same for everybody",
    "bootstrap.static": "packaged files, the same for everybody",
    "api.describe": "the description of the API, the same for everybody",
    "probes.health": "says that the process lives",
    "probes.ready": "names the parts that answer",
    "probes.metrics": "counts without names, behind a token of its own",
    "account.sign_in": "the empty form; what is sent with it is an entry",
    "account.password": "the empty form behind a password link; what is sent with it is an entry",
    "account.language": "the language of the pages, of who is not signed in or of no language",
    "deputies.show": "leads on to the page of one's account, which is an entry",
}
