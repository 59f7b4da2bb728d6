"""The service from Python: typed and synchronous.

from tuner_service.client import Client

with Client() as client:
    study = client.create_study({"search_space": "separable_convnet", "dataset": "digits"})
    for event in client.watch(study.name):
        print(event.kind, event.data)
"""

from tuner_service.client.client import Client
from tuner_service.client.errors import (
    ApiError,
    BadDatasetFile,
    BadDownload,
    BadStudyFile,
    ClientError,
    FieldProblem,
    NotConfigured,
    ServerUnreachable,
)
from tuner_service.client.events import EpochEvent, Event, StudyEvent, TrialEvent

__all__ = [
    "ApiError",
    "BadDatasetFile",
    "BadDownload",
    "BadStudyFile",
    "Client",
    "ClientError",
    "EpochEvent",
    "Event",
    "FieldProblem",
    "NotConfigured",
    "ServerUnreachable",
    "StudyEvent",
    "TrialEvent",
]
