import os

import numpy as np
import pytest
import soundfile

from sayso.audio.files import load_take
from sayso.core.problems import ProblemError
from sayso.storage.recordings import wav_header

TONE = (np.sin(np.arange(22050) * 0.1) * 8000).astype("<i2")


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_an_audio_file_is_a_take_that_has_ended(tmp_path, kind):
    path = tmp_path / f"note.{kind}"
    soundfile.write(path, TONE, 22050)
    take = load_take(path)
    assert (take.id, take.rate_hz, take.ended) == ("note", 22050, True)
    assert take.duration_s == pytest.approx(1.0, abs=0.1)
    if kind in ("wav", "flac"):
        assert take.read(0) == TONE.tobytes()


def test_stereo_float_audio_is_converted_to_16_bit_mono(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.column_stack((TONE / 32768, TONE / 32768)), 22050, subtype="FLOAT")
    converted = np.frombuffer(load_take(path).read(0), "<i2").astype(int)
    assert np.abs(converted - TONE).max() <= 1


def test_a_wav_file_with_an_incomplete_header_is_read_to_its_end(tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes(wav_header(22050, None) + TONE.tobytes())
    assert load_take(path).read(0) == TONE.tobytes()


REFUSED = {
    "text": (b"dear diary" * 50, "x.wav is not an audio file that Sayso can read."),
    "empty": (b"", "x.wav is empty."),
    "a header only": (wav_header(16000, 0), "x.wav contains no audio."),
    "part of a header": (b"RIFF", "x.wav is not an audio file that Sayso can read."),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_other_files_are_refused_with_a_reason(tmp_path, content, sentence):
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        load_take(path)
    assert caught.value.problem.sentence == sentence


def test_missing_files_folders_and_unreadable_files_are_refused(tmp_path):
    loop = tmp_path / "loop.wav"
    os.symlink(loop, loop)
    with pytest.raises(ProblemError, match="There is no file"):
        load_take(tmp_path / "absent.wav")
    with pytest.raises(ProblemError, match="is a folder"):
        load_take(tmp_path)
    with pytest.raises(ProblemError, match=r"loop\.wav cannot be opened"):
        load_take(loop)
