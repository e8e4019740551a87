"""Pages of Word files and slides: LibreOffice, where it is installed, prints them as PDF.

It is a large program that reads hostile files, so it runs behind walls of its own: `confined` is
the process that gives everything up before it becomes LibreOffice, `printing` the supervisor,
which parses nothing. The PDF is drawn in the sandbox as every other PDF is.
"""
