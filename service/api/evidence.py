"""Evidence given and looked at. Only copies without faces and plates leave, but for those who may see originals."""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, BinaryIO, Literal

import httpx
import structlog
from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from cases.desk import NoCase
from cases.dispatch.addresses import NotAllowedAddress, checked
from cases.evidence import EXTENSIONS, KINDS, Piece, add, fresh, looked, piece, what_it_is
from cases.evidence_store import PIECE, EvidenceProblem
from cases.home import AnothersViolation, home_of
from service.api.access import Caller, CaseWorker, Looker, Pusher, theirs
from service.api.case_shape import EvidenceOut
from service.api.examples import sent, shown
from service.api.limits import FILE_BYTES
from service.api.office import Office
from service.api.problems import Problem

Kind = Literal[KINDS]  # type: ignore[valid-type]
FETCH_S = 30.0
JSON_BYTES = 1 << 20
_log = structlog.get_logger("access")
router = APIRouter(tags=["evidence"])


class UrlIn(BaseModel):
    """Evidence that lies elsewhere: it is fetched and kept at once."""

    model_config = shown({"kind": "trigger", "url": "https://cameras.example/2026/05/06/gate-17.jpg"})

    kind: Kind
    url: Annotated[str, Field(max_length=2000)]


@router.post(
    "/violations/{violation_id}/evidence",
    status_code=201,
    summary="Evidence of a violation, as a file",
    openapi_extra=sent(kind="trigger"),
)
async def of_violation(
    request: Request,
    violation_id: str,
    kind: Annotated[Kind, Form()],
    file: Annotated[UploadFile, File()],
    caller: Pusher,
) -> EvidenceOut:
    """JPEG, PNG, MP4, MKV, AVI or JSON, by what the file is, not by its name. The same again is the same evidence."""
    home = partial(home_of, violation_id=violation_id, actor=caller.producer)
    return await keep(request, caller, kind, uploaded(file), home, violation_id)


@router.post(
    "/cases/{case_id}/evidence",
    status_code=201,
    summary="A picture for a case, as a file",
    openapi_extra=sent(kind="after"),
)
async def of_case(
    request: Request,
    case_id: str,
    kind: Annotated[Kind, Form()],
    file: Annotated[UploadFile, File()],
    caller: CaseWorker,
) -> EvidenceOut:
    """What a handler shows of the place, for example (``after``)."""
    office: Office = request.app.state.office

    def home(tx: Any) -> str:
        theirs(caller, office.desk.case(tx, case_id).department)
        return case_id

    return await keep(request, caller, kind, uploaded(file), home, None)


@router.post("/violations/{violation_id}/evidence/url", status_code=201, summary="Evidence of a violation, by URL")
async def by_url(request: Request, violation_id: str, said: UrlIn, caller: Pusher) -> EvidenceOut:
    """Fetched at once; addresses in private networks are refused unless the city allows them."""
    home = partial(home_of, violation_id=violation_id, actor=caller.producer)
    with tempfile.TemporaryFile() as staged:
        size = 0
        async for data in _fetched(said.url, request.app.state.office):
            size += len(data)
            if size > FILE_BYTES:
                raise Problem(413, "Too large", f"at most {FILE_BYTES >> 20} MB are taken")
            await run_in_threadpool(staged.write, data)
        return await keep(request, caller, said.kind, staged, home, violation_id)


@router.get(
    "/evidence/{evidence_id}",
    summary="Look at evidence",
    response_class=StreamingResponse,
    responses={200: {"description": "Its bytes", "content": {kind: {} for kind in EXTENSIONS}}},
)
async def look(
    request: Request,
    evidence_id: str,
    caller: Looker,
    why: Annotated[str, Query(min_length=3, max_length=500, description="Why you look; it is written down.")],
    original: bool = False,
) -> StreamingResponse:
    """The copy without faces and plates; with ``original`` the sealed original, for keys with that scope."""
    office: Office = request.app.state.office
    if original and "originals" not in caller.scopes:
        raise Problem(403, "Not yours to do", "the scope 'originals' is needed")

    def seen(tx: Any) -> Piece:
        found = piece(tx, evidence_id)
        theirs(caller, office.desk.case(tx, found.case_id).department)
        if found.tombstone is None and (original or found.leaves):
            looked(tx, found, caller.name, why, original, office.clock())
        return found

    found = await asyncio.wrap_future(office.writer.submit(seen))
    if found.tombstone is not None:
        raise Problem(410, "Deleted", "its time had come; the tombstone says when", tombstone=found.tombstone)
    shown = found.original if original else found.leaves
    if shown is None and found.copy_problem is not None:
        why = f"no copy without faces and plates can be made: {found.copy_problem}"
        raise Problem(409, "No copy", f"{why}; the scope 'originals' may see the original")
    if shown is None:
        raise Problem(
            409, "Not ready", "the copy without faces and plates is not made yet; try again", {"Retry-After": "10"}
        )
    if shown.sha256 is not None and await run_in_threadpool(_hashed, office, shown.path) != shown.sha256:
        _log.error("evidence was changed", evidence=found.id, case=found.case_id, path=shown.path)
        raise Problem(409, "Evidence was changed", "its bytes are not those that were sealed")
    pieces = await run_in_threadpool(office.evidence.get, shown.path)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": "inline",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces, media_type=shown.media_type, headers=headers)


def _hashed(office: Office, path: str) -> str:
    hashed = hashlib.sha256()
    for data in office.evidence.get(path):
        hashed.update(data)
    return hashed.hexdigest()


async def keep(
    request: Request,
    caller: Caller,
    kind: str,
    file: BinaryIO,
    home: Callable[[Any], str],
    violation_id: str | None,
) -> EvidenceOut:
    """Take a file as evidence; ``home`` says of which case. Raises ``Problem``, ``NoCase``, ``AnothersViolation``."""
    office: Office = request.app.state.office
    begin, size, sha256 = await run_in_threadpool(_looked_through, file)
    media_type = what_it_is(begin)
    if media_type is None:
        raise Problem(415, "No evidence", "a JPEG, PNG, MP4, MKV, AVI or JSON file is needed; this is none of them")
    if media_type == "application/json":
        await run_in_threadpool(_plain, file, size)
    case_id = await run_in_threadpool(office.read, home)
    new = fresh(case_id, violation_id, kind, media_type, size, sha256, caller.name, office.clock())
    assert new.path is not None
    try:
        await run_in_threadpool(office.evidence.put, new.path, file)
    except EvidenceProblem as problem:
        raise Problem(503, "Evidence cannot be kept", str(problem), {"Retry-After": "10"}) from None
    try:
        # Its case is looked up again: it may have been merged meanwhile.
        kept = await asyncio.wrap_future(office.writer.submit(lambda tx: add(tx, replace(new, case_id=home(tx)))))
    except (NoCase, AnothersViolation):
        await run_in_threadpool(office.evidence.delete, new.path)
        raise  # after any other failure the row may be there; if it is not, the file is swept (``cases.leftovers``)
    if kept.id != new.id:
        await run_in_threadpool(office.evidence.delete, new.path)
    return EvidenceOut.of(kept)


def _looked_through(file: BinaryIO) -> tuple[bytes, int, str]:
    """Its beginning, bytes, and SHA-256."""
    file.seek(0)
    begin, size, hashed = file.read(64), 0, hashlib.sha256()
    file.seek(0)
    while data := file.read(PIECE):
        size += len(data)
        hashed.update(data)
    return begin, size, hashed.hexdigest()


def _plain(file: BinaryIO, size: int) -> None:
    """JSON leaves as it is, so it is no more than a manifest. Raises ``Problem``."""
    if size > JSON_BYTES:
        raise Problem(413, "Too large", f"of JSON at most {JSON_BYTES >> 20} MB are taken")
    file.seek(0)
    try:
        json.loads(file.read())
    except ValueError as problem:
        raise Problem(415, "No evidence", f"it begins like JSON and is none: {problem}") from None


def uploaded(file: UploadFile) -> BinaryIO:
    """What was uploaded; it lies on the disk already. Raises ``Problem`` for a name that would lead somewhere."""
    if file.filename and any(c in file.filename for c in "/\\\0"):
        raise Problem(422, "Not valid", "a file's name has no folders in it")
    return file.file


async def _fetched(url: str, office: Office) -> AsyncIterator[bytes]:
    try:
        host, address, port = await run_in_threadpool(checked, url, office.allowed)
        there = httpx.URL(url)
    except (NotAllowedAddress, httpx.InvalidURL) as problem:
        raise Problem(422, "Not fetched", str(problem)) from None
    pinned = there.copy_with(host=address, port=port)
    how: dict[str, Any] = {"headers": {"Host": there.netloc.decode()}, "extensions": {"sni_hostname": host}}
    try:
        async with (
            httpx.AsyncClient(timeout=FETCH_S, trust_env=False) as client,
            client.stream("GET", pinned, **how) as got,
        ):
            if got.status_code != 200:
                raise Problem(422, "Not fetched", f"{host} answered {got.status_code}")
            async for data in got.aiter_bytes(PIECE):
                yield data
    except httpx.HTTPError as error:
        raise Problem(422, "Not fetched", f"{host}: {type(error).__name__}") from None
