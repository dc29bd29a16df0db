"""Libraries send and store no telemetry."""

import os
import subprocess
import sys

DETECT = (
    "from sayso.stt.ondevice.vad import SileroVad\n"
    "from faster_whisper.vad import get_vad_model\n"
    "get_vad_model()\n"
)


def test_the_voice_detector_stores_no_identifier_of_this_computer(tmp_path):
    """By default, onnxruntime stores one in the cache for its telemetry."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", DETECT], env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
