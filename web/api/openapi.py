"""The description of the API (OpenAPI 3.1), made from what the views state of themselves."""

from typing import Any, cast

from apiflask import APIFlask
from flask import Response, current_app, jsonify
from flask.blueprints import BlueprintSetupState

from web.api import links
from web.api.blueprint import api
from web.api.operation import operation
from web.api.shown.problems import Description

_KEPT = "guidang-openapi"


@api.get("/openapi.json")
@operation(answers={200: Description}, public=True)
def describe() -> Response:
    """Describe the API itself; open to everybody, it says nothing of what the archive holds."""
    kept = current_app.extensions
    if _KEPT not in kept:
        kept[_KEPT] = _finished(cast("dict[str, Any]", cast("APIFlask", current_app).spec))
    return jsonify(kept[_KEPT])


def _finished(spec: dict[str, Any]) -> dict[str, Any]:
    """Say what APIFlask leaves open: bodies must be sent, ids have their form, answers lead on."""
    for operations in spec["paths"].values():
        for described in operations.values():
            if "requestBody" in described:
                described["requestBody"]["required"] = True
            for parameter in described["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] |= {"minLength": 1, "maxLength": 200}
    links.add(spec)
    return spec


@api.record_once
def configure(state: BlueprintSetupState) -> None:
    """Set how the application describes its API: nothing by itself, all as stated."""
    state.app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION="Files of customers: found by who may see them, and every look is logged.",
        LICENSE={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        SERVERS=[{"url": "/"}],
        SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer"}},
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
    )
