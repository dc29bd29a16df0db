"""Audio files as takes: WAV, FLAC, Ogg, MP3 and all other formats that libsndfile reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.audio.pcm import FULL_SCALE, downmix
from ..core.dictation.take import Take
from ..core.problems import ProblemError
from ..core.problems import audio as problems


def load_take(path: Path) -> Take:
    """Return the file as a take that has ended: s16le mono at the file's rate.

    A WAV file with an incomplete header is read to its end.

    Raises:
        ProblemError: The file does not exist, is not an audio file, or contains no audio.
    """
    import soundfile

    name = path.name
    if path.is_dir():
        raise ProblemError(problems.FILE_IS_FOLDER(name=name))
    try:
        with path.open("rb") as file:
            samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except FileNotFoundError as error:
        raise ProblemError(problems.FILE_MISSING(path=path)) from error
    except OSError as error:
        reason = error.strerror or error
        raise ProblemError(problems.FILE_NOT_OPENED(name=name, reason=reason)) from error
    except (soundfile.LibsndfileError, RuntimeError) as error:
        if not path.stat().st_size:
            raise ProblemError(problems.FILE_EMPTY(name=name)) from error
        problem = problems.FILE_UNSUPPORTED(name=name, detail=str(error))
        raise ProblemError(problem) from error
    # Reading float files as int16 would not scale the samples: all of them would be 0.
    scaled = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    pcm = downmix(scaled.astype("<i2").tobytes(), samples.shape[1])
    if not pcm:
        raise ProblemError(problems.FILE_WITHOUT_AUDIO(name=name))
    take = Take(number=0, id=path.stem, rate_hz=int(rate_hz))
    take.append(pcm)
    take.end()
    return take
