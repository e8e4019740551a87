"""Sentences of the service that reach people as they are: here for the catalogue alone."""

from web.words import N_

#: what was left out of a query: the sentences of `service.search.query.Note`
NOTES = (
    N_("The query is very long: only its beginning was searched."),
    N_("A phrase is very long: only its beginning was searched."),
    N_("A * needs at least two letters or digits before it and was left out."),
    N_("There is nothing to search for in these characters."),
)
#: why a file is not taken: the sentences of `service.media.refused`
NOT_TAKEN = (
    N_("Programs and scripts are not taken."),
    N_("The content of the file is not what its name says."),
)
