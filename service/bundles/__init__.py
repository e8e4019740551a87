"""Compliance bundles: a part of the log that an auditor checks without the archive.

    filters    which entries are wanted, as people ask, as SQL asks, as the manifest states it
    asked      what was asked for, as a row keeps it
    exports    asking for a bundle, and who may see it
    handing    fetching one, opening numbers of it, taking it away in the end
    making     the worker makes one: every file of it, in one snapshot
    proofs     what lies around a range of the log, and that one log is the beginning of another
    packing    a ZIP on its way into the store, with the digest of each of its files
    envelopes  encrypting a bundle to an auditor's certificate
    reports    the reports for people: CSV, XLSX, HTML
    sheets     a workbook, written row by row
    checking   the archive's own verifier of bundles
    verify     the script inside every bundle: it imports nothing of ours, and repeats `checking`

The two verifiers are written apart from each other on purpose (docs/decisions/0029).
"""
