"""What routing shows to anybody: the form of a flow."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from routing.engine.schema import json_schema


@require_GET
@cache_control(public=True, max_age=3600)
def flow_schema(_request: HttpRequest) -> JsonResponse:
    """JSON Schema of a flow's definition, for editors and tools that write flow files."""
    return JsonResponse(json_schema(), json_dumps_params={"indent": 2}, content_type="application/schema+json")
