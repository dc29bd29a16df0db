"""Whisper on samples: one window for short takes, faster-whisper's own way for the rest.

Whisper's encoder always works on 30 s, which is most of the time of a short take. In a window
of 10 s a short take is done in a fifth of the time: 0.2 s instead of 1.1. The model was not
trained on that, so the result counts only if the model itself is sure of it, and else the take
is done again in full. On 43 short clips, half of them noisy, cut in mid-word or synthetic, the
model was sure of 11, all as a full decode with beam 5 has them; of clean natural sentences it
is sure of most. Taking every short result would have doubled the errors (10 % wrong, not 5).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

RATE_HZ = 16000
FRAMES_PER_S = 100
Samples = npt.NDArray[np.float32]
"""Mono at 16 kHz, from -1 to 1."""

SHORT_S = 6.5
WINDOW_S = 10.0
SHORT_BEAM = 2
BEAM = 5
TEMPERATURES = (0.0, 0.2, 0.4)
"""faster-whisper goes on to 1.0, where little is true and each step costs another second."""
TOKENS_PER_S = 9
TOKENS_BESIDE = 16
MOST_REPETITIVE = 2.4
"""Size of a text by its compressed size: Whisper's own threshold."""
LEAST_LOG_PROB = -1.0
NO_SPEECH = 0.6
SURE_LOG_PROB = -0.35
"""A short decode surer than this was as good as a full one; errors begin at -0.37."""
TIMESTAMP_S = 0.02


@attrs.frozen
class Draft:
    """What one decode of a short take gave."""

    text: str
    """Without what was timed after the end of the audio."""
    raw: str
    tokens: tuple[int, ...]
    most_tokens: int
    log_prob: float
    """Mean per token."""
    language: str

    @property
    def sure(self) -> bool:
        """It can be taken: the model is sure, and it does not repeat itself or break off."""
        return (
            self.log_prob > SURE_LOG_PROB
            and bool(self.text)
            and len(self.tokens) < self.most_tokens - 1
            and not repeats(self.tokens)
            and not repetitive(self.raw)
        )


def repeats(tokens: Sequence[int]) -> bool:
    """A token five times in a row, or a group of two or more three times."""
    for size in range(1, 16):
        times = 5 if size == 1 else 3
        for start in range(len(tokens) - times * size + 1):
            group = tuple(tokens[start : start + size])
            stop = start + times * size
            if tuple(tokens[start:stop]) == group * times:
                return True
    return False


def repetitive(text: str) -> bool:
    raw = text.encode()
    return bool(raw) and len(raw) / len(zlib.compress(raw)) > MOST_REPETITIVE


class Decoder:
    """A loaded Whisper model. One call at a time; each blocks for 0.1 s to many seconds."""

    def __init__(self, folder: Path) -> None:
        """Load the model: 0.3 to 1 s.

        Raises:
            RuntimeError, OSError, ValueError: CTranslate2 cannot load it.
            MemoryError: There is too little memory.
            ImportError: faster-whisper is not installed.
        """
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=1,  # measured: 2 are no faster, and slower where the cores are shared
            num_workers=1,
            local_files_only=True,
        )
        self.languages: frozenset[str] = frozenset(self._model.supported_languages)

    def warm(self) -> None:
        """The first call is up to 0.25 s slower than the next; make it before it matters."""
        self.draft(np.zeros(RATE_HZ, np.float32), "en")

    def language(self, samples: Samples) -> str:
        """The language of the first seconds, as Whisper's code."""
        return self._spoken(self._encode(samples[: int(SHORT_S * RATE_HZ)]))

    def text(self, samples: Samples, language: str, wanted: Callable[[], bool]) -> str:
        """What is said, '' if nothing can be made out.

        Args:
            samples: Speech; silence is expected to have been left out.
            language: Whisper's code, or '' to detect it.
            wanted: Asked between windows; when it says no, what there is is returned.
        """
        if len(samples) <= SHORT_S * RATE_HZ:
            draft = self.draft(samples, language)
            if draft.sure:
                return draft.text
            language = draft.language
        return self._whole(samples, language or self.language(samples), wanted)

    def _whole(self, samples: Samples, language: str, wanted: Callable[[], bool]) -> str:
        """In windows of 30 s, beam 5, as faster-whisper does it."""
        segments, _ = self._model.transcribe(
            samples,
            language=language or None,
            beam_size=BEAM,
            temperature=list(TEMPERATURES),
            condition_on_previous_text=False,
        )
        duration_s = len(samples) / RATE_HZ
        parts = []
        for segment in segments:
            if segment.start < duration_s and not _invented(segment):
                parts.append(segment.text)
            if not wanted():
                break
        return "".join(parts).strip()

    def draft(self, samples: Samples, language: str) -> Draft:
        """At most 6.5 s decoded in a window of 10 s; '' detects the language."""
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        duration_s = len(samples) / RATE_HZ
        encoded = self._encode(samples)
        language = language or self._spoken(encoded)
        tokenizer = Tokenizer(
            model.hf_tokenizer,
            model.model.is_multilingual,
            task="transcribe",
            language=language,
        )
        prompt = model.get_prompt(tokenizer, [], without_timestamps=False)
        most = int(TOKENS_BESIDE + TOKENS_PER_S * duration_s)
        result = model.model.generate(
            encoded,
            [prompt],
            beam_size=SHORT_BEAM,
            max_length=min(model.max_length, len(prompt) + most),
            return_scores=True,
            max_initial_timestamp_index=50,
        )[0]
        tokens = result.sequences_ids[0]
        kept: list[int] = []
        at_s = 0.0
        for token in tokens:
            if token >= tokenizer.timestamp_begin:
                at_s = (token - tokenizer.timestamp_begin) * TIMESTAMP_S
            elif token < tokenizer.eot and (not kept or at_s <= duration_s - TIMESTAMP_S):
                kept.append(token)
        words = tuple(token for token in tokens if token < tokenizer.eot)
        return Draft(
            text=tokenizer.decode(kept).strip(),
            raw=tokenizer.decode(words),
            tokens=words,
            most_tokens=most,
            log_prob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            language=language,
        )

    def _encode(self, samples: Samples) -> Any:
        """Padded with silence before the features are taken: zeros behind them are no silence."""
        from faster_whisper.audio import pad_or_trim

        padded = np.zeros(round(WINDOW_S * RATE_HZ), np.float32)
        padded[: len(samples)] = samples
        features = self._model.feature_extractor(padded)
        return self._model.encode(pad_or_trim(features, round(WINDOW_S * FRAMES_PER_S)))

    def _spoken(self, encoded: Any) -> str:
        if not self._model.model.is_multilingual:
            return "en"
        token, _ = self._model.model.detect_language(encoded)[0][0]
        return str(token[2:-2])


def _invented(segment: Any) -> bool:
    """Text for what is no speech, or a loop that no temperature got out of."""
    doubtful = segment.avg_logprob < LEAST_LOG_PROB
    return bool(
        (segment.no_speech_prob > NO_SPEECH and doubtful)
        or (segment.compression_ratio > MOST_REPETITIVE and doubtful)
    )
