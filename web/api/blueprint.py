"""The blueprint that every operation of the API registers with."""

from apiflask import APIBlueprint

api = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="archive")
