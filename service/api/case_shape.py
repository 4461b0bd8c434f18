"""A case as the interface shows it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from cases.case import Case
from cases.evidence import Piece
from cases.life import Action, Role, State, actions
from cases.queries import Whole
from service.api.examples import ACTIONS, CASE, CHANGE, EVIDENCE, MAY_BE, PAGE, ROW, SIGHT, WHOLE, shown

ShortText = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=4000)]


class CaseOut(BaseModel):
    """Times UTC, places WGS-84."""

    model_config = shown(CASE, rows=True)

    number: int
    id: str
    version: int
    state: State
    key: str
    producer: str
    filed: bool
    lat: float | None
    lon: float | None
    radius_m: float | None
    cell: str | None
    street: str | None
    district: str | None
    department: str | None
    address: str | None
    description: str | None
    opened_at: datetime
    updated_at: datetime
    entered_at: datetime
    onset: datetime | None
    gone_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    escalated: int
    confirmed_by: str | None
    confirmed_at: datetime | None
    merged_into: str | None
    repeat_of: str | None
    rating: int | None
    hold: bool

    @classmethod
    def of(cls, case: Case) -> "CaseOut":
        return cls.model_validate(case)


class RowOut(CaseOut):
    """A case of a page."""

    model_config = shown(ROW, rows=True)

    cameras: list[str] = Field(description="Ids of the cameras that see it, or saw it.")

    @classmethod
    def seen(cls, case: Case, cameras: list[str]) -> "RowOut":
        return cls(**{name: getattr(case, name) for name in CaseOut.model_fields}, cameras=cameras)


class PageOut(BaseModel):
    """cursor: ask with it for the next page; null at the end."""

    model_config = shown(PAGE)

    cases: list[RowOut]
    cursor: str | None


class ChangeOut(BaseModel):
    """Who did what, when and why."""

    model_config = shown(CHANGE, rows=True)

    at: datetime
    action: Action
    before: State
    after: State
    who: str
    role: Role
    reason: str
    data: dict[str, Any] | None


class SightOut(BaseModel):
    """A violation of the case: what one view saw of it."""

    model_config = shown(SIGHT)

    id: str
    camera_id: str
    view_id: str
    onset: datetime | None
    cleared_at: datetime | None
    gone: bool
    event: dict[str, Any]


class EvidenceOut(BaseModel):
    """Of the case; fetched by its id."""

    model_config = shown(EVIDENCE)

    id: str
    violation_id: str | None
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    copy_sha256: str | None = Field(
        description="Of the copy without faces and plates; null where there is none, or an earlier program made it."
    )
    added_at: datetime
    added_by: str
    deleted: bool
    copy_problem: str | None = Field(
        description="Why no copy without faces and plates can be made; null where one can."
    )

    @classmethod
    def of(cls, piece: Piece) -> "EvidenceOut":
        said = {name: getattr(piece, name) for name in cls.model_fields if name != "deleted"}
        return cls(**said, deleted=piece.tombstone is not None)


class MayBe(BaseModel):
    """Another case that may be the same thing."""

    model_config = shown(MAY_BE)

    case_id: str
    metres: float
    why: str


class WholeOut(BaseModel):
    """actions: what the caller may do now."""

    model_config = shown(WHOLE)

    case: CaseOut
    violations: list[SightOut]
    history: list[ChangeOut]
    evidence: list[EvidenceOut]
    may_be: list[MayBe]
    actions: list[Action]

    @classmethod
    def of(cls, whole: Whole, role: Role | None) -> "WholeOut":
        case = whole.case
        others = [(p["second"] if p["first"] == case.id else p["first"], p) for p in whole.may_be]
        return cls(
            case=CaseOut.of(case),
            violations=[SightOut.model_validate(v) for v in whole.violations],
            history=[ChangeOut.model_validate(c) for c in whole.changes],
            evidence=[EvidenceOut.model_validate(e | {"deleted": e["tombstone"] is not None}) for e in whole.evidence],
            may_be=[MayBe(case_id=id, metres=p["metres"], why=p["why"]) for id, p in others],
            actions=[] if role is None else actions(case.state, role),
        )


class ActionIn(BaseModel):
    """What somebody does with a case."""

    model_config = shown(*ACTIONS, extra="forbid")

    action: Action
    reason: LongText = ""
    department: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="For dispatch and settle; by the rules if left out."
    )
    into: ShortText | None = Field(default=None, description="For merge: the id of the case that goes on.")
    rating: Annotated[int, Field(ge=1, le=5)] | None = Field(default=None, description="For close.")
    note: LongText | None = None
    evidence: Annotated[list[ShortText], Field(max_length=50)] | None = Field(
        default=None, description="Ids of pictures that were uploaded for it."
    )

    def said(self) -> dict[str, Any]:
        """What was given besides."""
        return self.model_dump(exclude={"action", "reason"}, exclude_none=True)
