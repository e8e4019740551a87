"""What is shown of people: who calls, accounts, sign-ins, tokens."""

from marshmallow import Schema, fields

from web.api.shown.members import Listed, moment, string, whole
from web.api.values import PersonShown


class MeShown(Schema):
    """Who calls, and in which categories they may do what."""

    class Person(Schema):
        """The person behind the token."""

        id = string()
        login = string()
        name = string()
        department = string()

    person = fields.Nested(Person, required=True)
    roles = fields.List(fields.String(), required=True)
    scopes = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class UserShown(Schema):
    """An account."""

    ETAG = True

    id = string()
    login = string()
    name = string()
    department = string()
    roles = fields.List(fields.String(), required=True)
    head = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    customers = whole()
    rev = whole()


class UserList(Listed):
    """A page of accounts."""

    items = fields.List(fields.Nested(UserShown), required=True)


class DeputyShown(Schema):
    """Who stands in for whom, from which day to which; `id` is the deputy's."""

    ETAG = True

    id = string()
    deputy = fields.Nested(PersonShown, required=True)
    of = fields.Nested(PersonShown, required=True)
    from_ = fields.Date(attribute="first", data_key="from", required=True)
    to = fields.Date(attribute="last", required=True)


class DeputyList(Listed):
    """One's own deputies, and for whom one stands in."""

    items = fields.List(fields.Nested(DeputyShown), required=True)


class SignInShown(Schema):
    """One of one's own sign-ins."""

    id = string()
    created = moment()
    last_seen = moment()
    address = string()
    agent = string()
    current = fields.Boolean(required=True)


class SignInList(Listed):
    """One's own sign-ins."""

    items = fields.List(fields.Nested(SignInShown), required=True)


class TokenShown(Schema):
    """One of one's own tokens."""

    id = string()
    name = string()
    created = moment()
    expires = moment()
    last_used = moment(null=True)


class TokenMade(Schema):
    """A new token; `token` is shown this once."""

    id = string("view.id")
    name = string("view.name")
    created = moment("view.created")
    expires = moment("view.expires")
    token = fields.String()


class TokenList(Listed):
    """One's own tokens."""

    items = fields.List(fields.Nested(TokenShown), required=True)
