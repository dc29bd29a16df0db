"""Sound files as takes: WAV, FLAC, Ogg, MP3, and whatever else libsndfile reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.audio.pcm import FULL_SCALE, downmix
from ..core.dictation.take import Take
from ..core.problems import ProblemError, untyped_problem


def load_take(path: Path) -> Take:
    """The file as a take that has ended: s16le mono at the file's own rate.

    A WAV whose header was never completed is read to its end.

    Raises:
        ProblemError: It is not there, not a sound file, or holds no sound.
    """
    import soundfile

    name = path.name
    if path.is_dir():
        raise ProblemError(untyped_problem(f"{name} is a folder, not a sound file."))
    try:
        with path.open("rb") as file:
            samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except FileNotFoundError as error:
        raise ProblemError(untyped_problem(f"There is no file {path}.")) from error
    except OSError as error:
        raise ProblemError(
            untyped_problem(f"{name} cannot be opened: {error.strerror or error}.")
        ) from error
    except (soundfile.LibsndfileError, RuntimeError) as error:
        if not path.stat().st_size:
            raise ProblemError(untyped_problem(f"{name} is empty.")) from error
        raise ProblemError(
            untyped_problem(f"{name} is not a sound file Sayso can read.", detail=str(error))
        ) from error
    # libsndfile reads files of floats as integers without scaling them: all would be 0.
    scaled = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    pcm = downmix(scaled.astype("<i2").tobytes(), samples.shape[1])
    if not pcm:
        raise ProblemError(untyped_problem(f"There is no sound in {name}."))
    take = Take(number=0, id=path.stem, rate_hz=int(rate_hz))
    take.append(pcm)
    take.end()
    return take
