"""How Django REST framework and drf-spectacular are set up; `settings` takes both from here."""

from __future__ import annotations

from typing import Any


def framework(proxies: int) -> dict[str, Any]:
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": ["scorecard.api.keys.KeyAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_THROTTLE_CLASSES": ["scorecard.api.throttling.PerMinute"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["scorecard.api.parsing.Json"],
        "DEFAULT_SCHEMA_CLASS": "scorecard.api.schema.Described",
        "DEFAULT_METADATA_CLASS": None,
        "EXCEPTION_HANDLER": "scorecard.api.problems.handler",
        "NUM_PROXIES": proxies,
        "UNAUTHENTICATED_USER": None,
    }


def description(site: str) -> dict[str, Any]:
    return {
        "OAS_VERSION": "3.1.1",
        "TITLE": "US–China AI Policy Scorecard",
        "VERSION": "1",
        "LICENSE": {"name": "CC BY 4.0", "identifier": "CC-BY-4.0"},
        "SERVERS": [{"url": site}],
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "SERVE_INCLUDE_SCHEMA": False,
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "SORT_OPERATIONS": False,
        "PREPROCESSING_HOOKS": ["scorecard.api.schema.only_version_one"],
        "POSTPROCESSING_HOOKS": ["scorecard.api.schema.finished"],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    }
