"""What can go wrong that a person can mend."""

from labels.datasets.records import LabelsError
from labels.source_classes import SourceClassesError
from models.card import ModelRefused
from service.city import CityFileError
from service.results import NoResults, ResultsInUse
from service.worker.case_service import NotUsable
from streams.discover import SourceProblem
from streams.opening import Unreadable
from vision.evidence import EvidenceFailed
from vision.journal import JournalProblem
from vision.keys import KeyProblem
from vision.seal import SealProblem
from vision.verify import NothingToVerify

BY_PEOPLE = (
    SourceProblem,
    CityFileError,
    ModelRefused,
    KeyProblem,
    SealProblem,
    JournalProblem,
    NoResults,
    ResultsInUse,
    NotUsable,
    Unreadable,
    NothingToVerify,
    LabelsError,
    SourceClassesError,
)
NOT_WRITTEN = (EvidenceFailed, OSError)
