"""Exports of the archive: what somebody may see, taken out as a file, within limits.

`requests` takes a request, `choosing` says which documents it is about, `making` has the worker
write the file (`listing` a list, `sets` a ZIP; `files` says what that holds of a document, `copies`
what a watermarked copy is), `handing` gives it out. Who asks gets what they may read at the moment
it is made and at the moment it is fetched, and nobody else gets it.
"""
