"""On-device recognition. No data leaves this computer."""

import os

# onnxruntime runs the voice activity detector. Unless this is set, importing version 1.31 creates
# an identifier of this computer and a telemetry queue in the user's cache.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
