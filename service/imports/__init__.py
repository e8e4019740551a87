"""Imports of many files: a batch says what is expected, and what became of each file.

    batches    making a batch, who may see it, stopping it and going on
    items      its files: sealed names, what was said of them, adding them to a batch
    bringing   one file of a batch becomes a document, once
    choices    what people decide of a file: again, left out, a version of another document
    sums       how many files and bytes stand where; they always add up
    showing    a batch and its files as pages and programs see them
    statement  the statement of what became of every file, as CSV
    presence   whether a person brought the same file before

A file's row changes in the transaction that writes its document: whatever is interrupted, it is
still expected or it is there (docs/decisions/0028).
"""
