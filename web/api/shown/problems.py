"""What is shown when a request is refused, and of the API itself."""

from marshmallow import Schema, fields

from web.api.shown.members import string, whole


class ProblemShown(Schema):
    """Why a request was refused (RFC 9457)."""

    type = string()
    title = string()
    status = whole()
    detail = string()
    fields_ = fields.Dict(keys=fields.String(), values=fields.String(), data_key="fields")
    event = fields.Integer()
    part = fields.String()
    incident = fields.String()


class Description(Schema):
    """An OpenAPI document."""

    openapi = string()
    info = fields.Dict(required=True)
    paths = fields.Dict(required=True)
