"""Recognition on this computer; nothing leaves it."""

import os

# onnxruntime, which runs the voice detector, carries reports to Microsoft (seen in 1.31): from
# the moment it is imported it keeps a number for this computer and a queue in the user's cache.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
