"""What the tests of models/ share: that folder is installed nowhere, so it is found here."""

import os
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything can import onnxruntime
sys.path.insert(0, str(Path(__file__).parents[2]))
