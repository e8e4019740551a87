"""How single values are read and written: text, moments, codes, people."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from service.models.columns import instant_text

ID_LENGTH = 26

#: What can be wrong with a value, by what marshmallow says; all else is its format.
CODES = {
    "Missing data for required field.": "required",
    "Field may not be null.": "required",
    "Unknown field.": "unknown",
    **{code: code for code in ("unknown", "too_long", "length", "range", "control_characters")},
}


class Text(fields.String):
    """Text that every database can hold: no NUL, no halves of a pair."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **more: object
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise ValidationError("control_characters")
        return text


class Words(fields.String):
    """What somebody searches for: everything is an answerable question."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, **more: object
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        return text.encode("utf-8", "replace").decode().replace("\x00", " ")


class Moment(fields.DateTime):
    """A moment as RFC 3339 UTC with milliseconds."""

    def _serialize(
        self,
        value: datetime | None,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        obj: object,  # noqa: ARG002
        **more: object,  # noqa: ARG002
    ) -> str | None:
        return None if value is None else instant_text(value)


def text(longest: int, *, required: bool = False, null: bool = False) -> Text:
    """Return a field for text of limited length."""
    return Text(required=required, allow_none=null, validate=Length(max=longest, error="too_long"))


def code(codes: type[StrEnum], *, required: bool = False) -> fields.String:
    """Return a field for a code of a closed vocabulary."""
    return fields.String(
        required=required, validate=OneOf([str(c) for c in codes], error="unknown")
    )


def choice(*words: str, default: str) -> fields.String:
    """Return a field for one of a few words."""
    return fields.String(load_default=default, validate=OneOf(words, error="unknown"))


def several(inner: fields.Field[Any]) -> fields.List[Any]:
    """Return a field that may be given more than once."""
    return fields.List(inner, load_default=list, validate=Length(max=100, error="too_long"))


def limit(default: int) -> fields.Integer:
    """Return a field for how many items one page holds."""
    return fields.Integer(load_default=default, validate=Range(1, 100, error="range"))


def number(*, required: bool = False) -> fields.Integer:
    """Return a field for a whole number in a body: not a string that looks like one."""
    return fields.Integer(
        required=required, strict=True, validate=Range(0, 2**31 - 1, error="range")
    )


def flag() -> fields.Boolean:
    """Return a field for true or false in a body, and nothing that looks like it."""
    return fields.Boolean(truthy={True}, falsy={False})


class PersonShown(Schema):
    """A person as records name them."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class CustomerNamed(Schema):
    """A customer."""

    id = fields.String(required=True)
    number = fields.String(allow_none=True, required=True)
    name = fields.String(required=True)
    category = fields.String(required=True)


class CustomerOfDocument(CustomerNamed):
    """A customer as documents name it: by its id alone to who uploaded one and may not see it."""

    category = fields.String(required=True, allow_none=True)
