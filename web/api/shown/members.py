"""How members of answers are declared: always there, null where there may be nothing."""

from marshmallow import Schema, fields

from web.api.values import Moment


def string(attribute: str | None = None, *, null: bool = False) -> fields.String:
    """Return a member that is text."""
    return fields.String(attribute=attribute, required=True, allow_none=null)


def whole(attribute: str | None = None, *, null: bool = False) -> fields.Integer:
    """Return a member that is a whole number."""
    return fields.Integer(attribute=attribute, required=True, allow_none=null)


def share(attribute: str | None = None) -> fields.Float:
    """Return a member that is between 0 and 1: how sure what was recognised is, if it was."""
    return fields.Float(attribute=attribute, required=True, allow_none=True)


def moment(attribute: str | None = None, *, null: bool = False) -> Moment:
    """Return a member that is a moment."""
    return Moment(attribute=attribute, required=True, allow_none=null)


def day() -> fields.Date:
    """Return a member that is a calendar day, or nothing."""
    return fields.Date(required=True, allow_none=True)


class Plain(fields.Nested):
    """A small record whose members are text, whole numbers or yes and no, under their own names.

    An answer has hundreds of them: they are shown as they are, without asking each field.
    """

    def _serialize(  # type: ignore[override]  # called with all three by position
        self, nested_obj: object, *_: object, **__: object
    ) -> dict[str, object]:
        return {name: getattr(nested_obj, name) for name in self.schema.fields}


class Listed(Schema):
    """A page of a list."""

    total = whole()
    next_cursor = string(null=True)
