"""Commands that leave no entry in the log, and why: a closed list.

None of them shows or changes content. Every other command must leave one
(tests/service/test_commands_are_logged.py runs them; docs/log.md has the same list).
"""

from collections.abc import Mapping

#: command → why there is nothing to log
SILENT: Mapping[str, str] = {
    "run": "starts the parts",
    "web": "starts the web",
    "worker": "starts the worker, whose jobs are entries",
    "anchor run": "signs how long the log is; it reads the log's hashes alone",
    "anchor pub": "prints a public key",
    "anchor resume": "goes on after `guidang audit resume`, which is the entry",
    "audit verify": "recomputes the log; it prints counts and hashes",
    "audit orphans": "prints numbers of entries",
    "audit prove": "prints hashes, and the note that was signed of them",
    "demo": "fills an empty archive by what people do, each of which is an entry",
    "health": "asks whether the parts answer",
    "index status": "prints counts",
    "settings": "prints settings without secrets",
    "secrets init": "makes keys and passwords before there is an archive",
    "setup": "makes database roles and tables before there is an archive",
    "elastic security": "writes the roles of the search servers",
}
