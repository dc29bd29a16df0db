import os

import numpy as np
import pytest
import soundfile

from sayso.audio import files
from sayso.core.problems import ProblemError
from sayso.storage.recordings import wav_header

TONE = (np.sin(np.arange(22050) * 0.1) * 8000).astype("<i2")


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_a_sound_file_is_a_take_that_has_ended(tmp_path, kind):
    path = tmp_path / f"note.{kind}"
    soundfile.write(path, TONE, 22050)
    take = files.load_take(path)
    assert (take.id, take.rate_hz, take.ended) == ("note", 22050, True)
    assert take.duration_s == pytest.approx(1.0, abs=0.1)
    if kind in ("wav", "flac"):
        assert take.read(0) == TONE.tobytes()


def test_stereo_becomes_mono_and_floats_become_16_bits(tmp_path):
    path = tmp_path / "two.wav"
    soundfile.write(path, np.column_stack((TONE / 32768, TONE / 32768)), 22050, subtype="FLOAT")
    heard = np.frombuffer(files.load_take(path).read(0), "<i2").astype(int)
    assert np.abs(heard - TONE).max() <= 1


def test_a_wav_whose_header_was_never_completed_is_read_to_its_end(tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes(wav_header(22050, None) + TONE.tobytes())
    assert files.load_take(path).read(0) == TONE.tobytes()


REFUSED = {
    "text": (b"dear diary" * 50, "x.wav is not a sound file Sayso can read."),
    "empty": (b"", "x.wav is empty."),
    "a header and nothing else": (wav_header(16000, 0), "There is no sound in x.wav."),
    "a header cut off": (b"RIFF", "x.wav is not a sound file Sayso can read."),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_sound_is_told_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        files.load_take(path)
    assert caught.value.problem.sentence == sentence


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(ProblemError, match="There is no file"):
        files.load_take(tmp_path / "absent.wav")
    with pytest.raises(ProblemError, match="is a folder"):
        files.load_take(tmp_path)


def test_a_file_that_may_not_be_opened_is_told(tmp_path):
    path = tmp_path / "loop.wav"
    os.symlink(path, path)
    with pytest.raises(ProblemError, match=r"loop\.wav cannot be opened"):
        files.load_take(path)
