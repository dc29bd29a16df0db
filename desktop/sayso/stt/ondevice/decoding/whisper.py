"""Whisper on samples: short windows for segments, faster-whisper's own way for the rest.

Whisper's encoder always works on 30 s, which is most of the time of a short segment. In a
window of 7 s it is done much sooner. The model was not trained on that: timestamps
must be on (without, errors double), the audio must be padded before its features are taken, with
noise as loud as its own (with silence, a window of 6 s has half as many errors again), and what
comes out is checked (`guards`). Padded so, windows of 6 to 10 s have about the same errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..samples import LOUD_SAMPLES, RATE_HZ, Samples, loud, padded
from .devices import CPU, Device
from .prompt import added, echoes
from .quality import (
    LEAST_LOG_PROB,
    MOST_REPETITIVE,
    NO_SPEECH,
    Draft,
    likely_tokens,
    most_tokens,
    repeats,
)

if TYPE_CHECKING:
    from faster_whisper.tokenizer import Tokenizer

FRAMES_PER_S = 100
WINDOW_S = 7.0
MARGIN_S = 3.0
"""A window has at least so much padding: with 1 s, errors double."""
SECOND_WINDOW_S = 15.0
SECOND_MARGIN_S = 8.0
WHOLE_S = 30.0
SHORT_BEAM = 3
BEAM = 5
TEMPERATURES = (0.0, 0.2, 0.4)
"""faster-whisper goes on to 1.0, where little is true and each step costs another second."""
TIMESTAMP_S = 0.02
MOST_HINT_TOKENS = 220
"""faster-whisper takes up to 223 and cuts off the end."""
WORK_TOKENS = 30
"""Of 5 s of English."""
LANGUAGE_S = 7.0
"""The language is told from so much."""


class Decoder:
    """A loaded Whisper model. Two threads may call it at once; a call blocks for 0.1 s or more."""

    def __init__(
        self, folder: Path, threads: int = 1, device: Device = CPU, hint: str = ""
    ) -> None:
        """Load the model: 0.3 to 1 s.

        Args:
            folder: With the files of the model.
            threads: Of the processor, for each of the two that may decode at once.
            device: What to run it on.
            hint: Told to the model before every decode; of a long one, the end.

        Raises:
            RuntimeError, OSError, ValueError: CTranslate2 cannot load it.
            MemoryError: There is too little memory.
            ImportError: faster-whisper is not installed.
        """
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(folder),
            device=device.name,
            compute_type=device.compute_type,
            cpu_threads=threads,
            num_workers=2,
            local_files_only=True,
        )
        self.languages: frozenset[str] = frozenset(self._model.supported_languages)
        self._hint = self._fitting(hint)
        self.folder, self.device = folder, device
        self._fast: set[str] = set()
        """Languages in which more than was likely has been said."""

    def rest(self) -> bool:
        """Let go of the weights; False if it cannot be now, because of a decode.

        The tokenizer stays (50 MB): making it takes half a second, in which no other thread of
        the interpreter gets to run, and the next load comes while somebody speaks.
        """
        self._model.model.unload_model()
        return not self._model.model.model_is_loaded

    def wake(self) -> None:
        """Load the weights again.

        Raises:
            RuntimeError: They are not there any more.
        """
        self._model.model.load_model()

    def warm(self) -> None:
        """The first call is up to 0.25 s slower than the next; make it before it matters."""
        self.draft(np.zeros(RATE_HZ, np.float32), "en")

    def exert(self) -> None:
        """The work that the last 5 s of a take are, whatever comes of it: a measure of speed."""
        encoded = self._encode(np.zeros(5 * RATE_HZ, np.float32), 5.0 + MARGIN_S)
        tokenizer = self._tokenizer("en")
        self._model.model.generate(
            encoded,
            [self._model.get_prompt(tokenizer, [])],
            beam_size=SHORT_BEAM,
            max_length=2 * WORK_TOKENS,  # CTranslate2 takes half of it
            suppress_tokens=[-1, tokenizer.eot],  # it may not end before
        )

    def language(self, samples: Samples) -> str:
        """The language of the first seconds, as Whisper's code."""
        samples = samples[: round(LANGUAGE_S * RATE_HZ)]
        return self._spoken(self._encode(samples, LANGUAGE_S + MARGIN_S))

    def guess(self, samples: Samples, language: str, beam: int = SHORT_BEAM) -> Draft:
        """A short window once; `broken` where `segment` would look again."""
        draft = self.draft(samples, language, beam=beam, hint=self._hint)
        return attrs.evolve(draft, most=0) if echoes(draft.text, self._hint) else draft

    def segment(self, samples: Samples, language: str) -> Draft:
        """A segment in a short window; where that goes wrong in a longer one, then in full.

        Args:
            samples: Speech, up to 12 s.
            language: Whisper's code, or '' to detect it.
        """
        if not self._hint:
            return self._segment(samples, language)
        told = self.draft(samples, language, hint=self._hint)
        if not told.flaw and not echoes(told.text, self._hint):
            return told
        untold = self._segment(samples, told.language)
        if told.broken or added(told.text, untold.text):
            return untold
        return told if told.log_prob > LEAST_LOG_PROB or untold.flaw else untold

    def _segment(self, samples: Samples, language: str) -> Draft:
        first = self.draft(samples, language)
        if not first.flaw:
            return first
        window_s = max(SECOND_WINDOW_S, len(samples) / RATE_HZ + SECOND_MARGIN_S)
        second = self.draft(samples, first.language, window_s)
        if second.broken and second.flaw != "twice":  # what both windows say twice was said so
            return self.full(samples, first.language)
        if first.flaw == "sparse":
            return max(first, second, key=lambda draft: len(draft.text))
        if first.broken or second.log_prob > first.log_prob:
            return second
        return first

    def full(self, samples: Samples, language: str) -> Draft:
        """The same in full, with no hint; a draft that is taken as it is."""
        text = _joined(self._segments(samples, language), len(samples), lambda: True)
        return Draft(
            text=text, tokens=(), length=0, most=2, log_prob=0.0, no_speech=0.0,
            duration_s=len(samples) / RATE_HZ, language=language,
        )  # fmt: skip

    def text(self, samples: Samples, language: str, wanted: Callable[[], bool]) -> str:
        """In windows of 30 s with beam 5, as faster-whisper does it; '' if nothing is said.

        Args:
            samples: Speech; silence is expected to have been left out.
            language: Whisper's code.
            wanted: Asked between windows; when it says no, what there is is returned.
        """
        told, doubtful = "", True
        if self._hint:
            found = list(self._segments(samples, language, self._hint))
            told = _joined(found, len(samples), wanted)
            doubtful = any(map(_doubtful, found))
            if not wanted() or not (doubtful or echoes(told, self._hint)):
                return told
        untold = _joined(self._segments(samples, language), len(samples), wanted)
        return untold if doubtful or added(told, untold) else told

    def _segments(self, samples: Samples, language: str, hint: str = "") -> Iterable[Any]:
        """faster-whisper's, as it finds them. What a hint leads astray is not tried warmer."""
        found: tuple[Iterable[Any], Any] = self._model.transcribe(
            samples,
            language=language or None,
            beam_size=BEAM,
            temperature=[0.0] if hint else list(TEMPERATURES),
            condition_on_previous_text=False,
            hotwords=hint or None,
        )
        return found[0]

    def draft(
        self,
        samples: Samples,
        language: str,
        window_s: float = WINDOW_S,
        *,
        beam: int = SHORT_BEAM,
        hint: str = "",
    ) -> Draft:
        """One decode in a window of `window_s` or what the audio needs; not checked."""
        model = self._model
        duration_s = len(samples) / RATE_HZ
        window_s = min(WHOLE_S, max(window_s, duration_s + MARGIN_S))
        encoded = self._encode(samples, window_s)
        language = language or self._spoken(encoded)
        tokenizer = self._tokenizer(language)
        prompt = model.get_prompt(tokenizer, [], hotwords=hint or None)

        def generated(most: int) -> Draft:
            result = model.model.generate(
                encoded,
                [prompt],
                beam_size=beam,
                # CTranslate2 (4.8) takes the lesser of half of it and what the prompt leaves.
                max_length=min(model.max_length, max(2 * most, len(prompt) + most)),
                return_scores=True,
                return_no_speech_prob=True,
                max_initial_timestamp_index=50,
            )[0]
            return _drafted(result, tokenizer, samples, language, most)

        if language not in self._fast:
            draft = generated(likely_tokens(duration_s))
            if draft.flaw != "capped" or draft.loops:
                return draft
        draft = generated(most_tokens(duration_s))
        if not draft.flaw:
            self._fast.add(language)
        return draft

    def _encode(self, samples: Samples, window_s: float) -> Any:
        """Padded before the features are taken: zeros behind them are no silence to the model."""
        from faster_whisper.audio import pad_or_trim

        features = self._model.feature_extractor(padded(samples, window_s))
        count = round(window_s * FRAMES_PER_S / 2) * 2
        return self._model.encode(pad_or_trim(features, count))

    def _tokenizer(self, language: str) -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )

    def _fitting(self, hint: str) -> str:
        tokens = self._model.hf_tokenizer.encode(f" {hint}", add_special_tokens=False).ids
        if len(tokens) <= MOST_HINT_TOKENS:
            return hint
        return str(self._model.hf_tokenizer.decode(tokens[-MOST_HINT_TOKENS:])).strip("� ,")

    def _spoken(self, encoded: Any) -> str:
        if not self._model.model.is_multilingual:
            return "en"
        token, _ = self._model.model.detect_language(encoded)[0][0]
        return str(token[2:-2])


def _drafted(
    result: Any, tokenizer: Tokenizer, samples: Samples, language: str, most: int
) -> Draft:
    """What CTranslate2 found, read up to the end of the audio."""
    duration_s = len(samples) / RATE_HZ
    tokens = result.sequences_ids[0]
    inside = _before_end(tokens, duration_s, tokenizer.timestamp_begin)
    words = tuple(token for token in inside if token < tokenizer.eot)
    return Draft(
        text=tokenizer.decode(words).strip(),
        tokens=words,
        length=len(inside),
        most=most,
        log_prob=result.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech=result.no_speech_prob,
        duration_s=duration_s,
        language=language,
        loud_s=float(loud(samples).sum()) * LOUD_SAMPLES / RATE_HZ,
    )


def _before_end(tokens: list[int], duration_s: float, first_time: int) -> list[int]:
    """Up to where the words are timed after the end of the audio: what ran on was never said."""
    for at, token in enumerate(tokens[1:], 1):
        if token >= first_time and (token - first_time) * TIMESTAMP_S > duration_s - TIMESTAMP_S:
            return tokens[:at]
    return tokens


def _joined(segments: Iterable[Any], samples: int, wanted: Callable[[], bool]) -> str:
    parts = []
    for segment in segments:
        if segment.start < samples / RATE_HZ and not _invented(segment):
            parts.append(segment.text)
        if not wanted():
            break
    return "".join(parts).strip()


def _doubtful(segment: Any) -> bool:
    """Names that come again and again are sure of themselves, and do not pack small enough."""
    repetitive = segment.compression_ratio > MOST_REPETITIVE or repeats(segment.tokens)
    return bool(segment.avg_logprob < LEAST_LOG_PROB or repetitive)


def _invented(segment: Any) -> bool:
    """Text for what is no speech, or a loop that no temperature got out of."""
    doubtful = segment.avg_logprob < LEAST_LOG_PROB
    return bool(
        (segment.no_speech_prob > NO_SPEECH and doubtful)
        or (segment.compression_ratio > MOST_REPETITIVE and doubtful)
    )
