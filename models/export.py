"""Makes a model file of the detector's contract from Ultralytics weights. Needs the extra ``train``."""

import argparse
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labels.source_classes import SourceClasses, load_source_classes
from models.boxes import IOU_THRESHOLD
from models.card import PROPERTY, ModelCard, parse_card
from models.crops import LETTERBOX_SIZES
from models.session import file_sha256

OPSET = 17
KEEP = START = {}
