"""What people put onto a PDF: values of form fields, remarks, files. Not in its text layer."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Final

import pypdfium2
import pypdfium2.raw as pdfium

_MOST: Final = 10_000
_LONGEST: Final = 1_000_000  # bytes of one value
#: Export values of a ticked box that say nothing by themselves.
_MERE_TICKS: Final = frozenset({"", "Yes", "On", "Off", "1", "0", "True", "true"})
_BUTTONS: Final = frozenset({pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON})
_CHOICES: Final = frozenset({pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX})


def annotations(page: pypdfium2.PdfPage, form: pypdfium2.PdfFormEnv | None) -> Iterator[str]:
    """Yield the texts on one page that are not blank, in the order of the file."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            text = _text(annotation, form)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        if text.strip():
            yield text


def holds_file(page: pypdfium2.PdfPage) -> bool:
    """Tell whether a file hangs on one page."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                return True
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return False


def _text(annotation: object, form: pypdfium2.PdfFormEnv | None) -> str:
    if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_WIDGET:
        return _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
    if form is None:
        return ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _BUTTONS:
        return _ticked(annotation, form)
    if kind in _CHOICES:
        return _chosen(annotation, form)
    return _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)


def _ticked(annotation: object, form: pypdfium2.PdfFormEnv) -> str:
    if not pdfium.FPDFAnnot_IsChecked(form, annotation):
        return ""
    value = _string(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation)
    return "" if value in _MERE_TICKS else value


def _chosen(annotation: object, form: pypdfium2.PdfFormEnv) -> str:
    """Return what a person reads in a list: the labels, not the values behind them."""
    options = min(pdfium.FPDFAnnot_GetOptionCount(form, annotation), _MOST)
    labels = [
        _string(pdfium.FPDFAnnot_GetOptionLabel, form, annotation, index)
        for index in range(options)
        if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, index)
    ]
    return "\n".join(labels) or _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)


def _string(call: Callable[..., int], *arguments: object) -> str:
    """Call twice, as PDFium wants: for the length in bytes, then for UTF-16 text."""
    size = min(call(*arguments, None, 0), _LONGEST)
    if size <= 2:  # noqa: PLR2004 - only the NUL at the end
        return ""
    buffer = (pdfium.FPDF_WCHAR * (size // 2))()
    call(*arguments, buffer, size)
    return ctypes.string_at(buffer, size - 2).decode("utf-16-le", "ignore")
