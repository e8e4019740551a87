"""What is shown of customer files."""

from marshmallow import Schema, fields

from service.customers import CustomerFile
from service.profiles import FieldView
from web.api.shown.members import Listed, moment, string, whole
from web.api.values import CustomerNamed, PersonShown


class CustomerListed(CustomerNamed):
    """A customer in a list."""

    short_name = string()
    coop_type = string(null=True)
    status = string()
    region = string()
    industry = string()
    owner = fields.Nested(PersonShown, required=True, allow_none=True)
    created = moment()
    filed = moment(null=True)
    documents = whole()


class CustomerList(Listed):
    """A page of customers."""

    items = fields.List(fields.Nested(CustomerListed), required=True)


class SourceShown(Schema):
    """Where a value comes from."""

    document = fields.String()
    page = fields.Integer()
    channel = fields.String()
    person = fields.String()
    date = fields.Date()


class FieldShown(Schema):
    """A value that counts, with its source."""

    value = string()
    source = fields.Method("_source", required=True, metadata={"type": "object"})
    entered_by = fields.Nested(PersonShown, required=True)
    entered_at = moment()

    def _source(self, view: FieldView) -> object:
        given = {
            "document": view.source_document,
            "page": view.source_page,
            "channel": view.source_channel,
            "person": view.source_person,
            "date": view.source_date,
        }
        return SourceShown().dump({name: v for name, v in given.items() if v is not None})


class CustomerShown(CustomerNamed):
    """A customer file."""

    ETAG = True

    short_name = string()
    coop_type = string(null=True)
    status = string()
    owner = fields.Nested(PersonShown, required=True, allow_none=True)
    coworkers = fields.List(fields.Nested(PersonShown), required=True)
    created = moment()
    created_by = fields.Nested(PersonShown, required=True)
    filed = moment(null=True)
    fields_ = fields.Method(
        "_values",
        data_key="fields",
        required=True,
        metadata={"type": "object", "description": "key → value with its source"},
    )
    allowed = fields.List(fields.String(), required=True)

    def _values(self, view: CustomerFile) -> object:
        return {value.key: FieldShown().dump(value) for value in view.fields}
