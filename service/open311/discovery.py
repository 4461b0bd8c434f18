"""Where Open311 is spoken here, for clients that know no more than this machine.
https://wiki.open311.org/Service_Discovery/
"""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from service.open311.described import DISCOVERY, REFUSALS
from service.open311.forms import answer

CHANGESET = "2026-11-28 00:00"
"""When what the services are, or where they are asked for, changed last: clients read both anew then."""
router = APIRouter(prefix="/open311", tags=["open311"], responses=REFUSALS)


@router.get("/discovery.{form}", summary="Where Open311 is spoken", responses=DISCOVERY)
async def discovery(request: Request, form: Literal["json", "xml"]) -> Response:
    return answer(form, "discovery", discovered(str(request.base_url)))


def discovered(base: str) -> dict[str, Any]:
    """base: the URL of this service, with a slash at its end."""
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{base}open311/v2",
        "changeset": CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    return {
        "changeset": CHANGESET,
        "contact": "Whoever runs this service.",
        "key_service": "Whoever runs this service gives keys; reading needs none.",
        "endpoints": [endpoint],
    }
