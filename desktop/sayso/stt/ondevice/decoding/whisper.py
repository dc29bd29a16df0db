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

from ..samples import LOUD_BLOCK_SAMPLES, RATE_HZ, Samples, loud_blocks, pad_with_noise
from .devices import CPU, Device
from .prompt import caused_by_prompt, leaks_prompt
from .quality import (
    MAX_COMPRESSION_RATIO,
    MIN_LOG_PROB,
    NO_SPEECH_PROBABILITY,
    Hypothesis,
    likely_tokens,
    max_tokens,
    repeats_tokens,
)

if TYPE_CHECKING:
    from faster_whisper.tokenizer import Tokenizer

FRAMES_PER_S = 100
WINDOW_S = 7.0
PADDING_S = 3.0
"""A window has at least so much padding: with 1 s, errors double."""
RETRY_WINDOW_S = 15.0
RETRY_PADDING_S = 8.0
FULL_WINDOW_S = 30.0
SHORT_BEAM = 3
FULL_BEAM = 5
TEMPERATURES = (0.0, 0.2, 0.4)
"""faster-whisper goes on to 1.0, where little is true and each step costs another second."""
TIMESTAMP_STEP_S = 0.02
MAX_PROMPT_TOKENS = 220
"""faster-whisper takes up to 223 and cuts off the end."""
BENCHMARK_TOKENS = 30
"""Of 5 s of English."""
LANGUAGE_WINDOW_S = 7.0
"""The language is told from so much."""


class WhisperDecoder:
    """A loaded Whisper model. Two threads may call it at once; a call blocks for 0.1 s or more."""

    def __init__(
        self, folder: Path, threads: int = 1, device: Device = CPU, prompt: str = ""
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
        self._prompt = self._fit_prompt(prompt)
        self.folder, self.device = folder, device
        self._high_limit_languages: set[str] = set()
        """Languages in which more than was likely has been said."""

    def unload(self) -> bool:
        """Let go of the weights; False if it cannot be now, because of a decode.

        The tokenizer stays (50 MB): making it takes half a second, in which no other thread of
        the interpreter gets to run, and the next load comes while somebody speaks.
        """
        self._model.model.unload_model()
        return not self._model.model.model_is_loaded

    def reload(self) -> None:
        """Load the weights again.

        Raises:
            RuntimeError: They are not there any more.
        """
        self._model.model.load_model()

    def warm_up(self) -> None:
        """The first call is up to 0.25 s slower than the next; make it before it matters."""
        self.decode_window(np.zeros(RATE_HZ, np.float32), "en")

    def benchmark(self) -> None:
        """The work that the last 5 s of a take are, whatever comes of it: a measure of speed."""
        encoded = self._encode(np.zeros(5 * RATE_HZ, np.float32), 5.0 + PADDING_S)
        tokenizer = self._tokenizer("en")
        self._model.model.generate(
            encoded,
            [self._model.get_prompt(tokenizer, [])],
            beam_size=SHORT_BEAM,
            max_length=2 * BENCHMARK_TOKENS,  # CTranslate2 takes half of it
            suppress_tokens=[-1, tokenizer.eot],  # it may not end before
        )

    def detect_language(self, samples: Samples) -> str:
        """The language of the first seconds, as Whisper's code."""
        samples = samples[: round(LANGUAGE_WINDOW_S * RATE_HZ)]
        return self._detect_language(self._encode(samples, LANGUAGE_WINDOW_S + PADDING_S))

    def decode_once(self, samples: Samples, language: str, beam: int = SHORT_BEAM) -> Hypothesis:
        """A short window once; `broken` where `segment` would look again."""
        draft = self.decode_window(samples, language, beam=beam, prompt=self._prompt)
        return (
            attrs.evolve(draft, token_limit=0) if leaks_prompt(draft.text, self._prompt) else draft
        )

    def decode_segment(self, samples: Samples, language: str) -> Hypothesis:
        """A segment in a short window; where that goes wrong in a longer one, then in full.

        Args:
            samples: Speech, up to 12 s.
            language: Whisper's code, or '' to detect it.
        """
        if not self._prompt:
            return self._decode_unprompted(samples, language)
        told = self.decode_window(samples, language, prompt=self._prompt)
        if not told.defect and not leaks_prompt(told.text, self._prompt):
            return told
        untold = self._decode_unprompted(samples, told.language)
        if told.is_unusable or caused_by_prompt(told.text, untold.text):
            return untold
        return told if told.log_prob > MIN_LOG_PROB or untold.defect else untold

    def _decode_unprompted(self, samples: Samples, language: str) -> Hypothesis:
        first = self.decode_window(samples, language)
        if not first.defect:
            return first
        window_s = max(RETRY_WINDOW_S, len(samples) / RATE_HZ + RETRY_PADDING_S)
        second = self.decode_window(samples, first.language, window_s)
        if (
            second.is_unusable and second.defect != "twice"
        ):  # what both windows say twice was said so
            return self.decode_full(samples, first.language)
        if first.defect == "sparse":
            return max(first, second, key=lambda draft: len(draft.text))
        if first.is_unusable or second.log_prob > first.log_prob:
            return second
        return first

    def decode_full(self, samples: Samples, language: str) -> Hypothesis:
        """The same in full, with no hint; a draft that is taken as it is."""
        text = _join_segments(self._full_segments(samples, language), len(samples), lambda: True)
        return Hypothesis(
            text=text, tokens=(), token_count=0, token_limit=2, log_prob=0.0, no_speech_probability=0.0,  # noqa: E501
            duration_s=len(samples) / RATE_HZ, language=language,
        )  # fmt: skip

    def transcribe(
        self, samples: Samples, language: str, should_continue: Callable[[], bool]
    ) -> str:
        """In windows of 30 s with beam 5, as faster-whisper does it; '' if nothing is said.

        Args:
            samples: Speech; silence is expected to have been left out.
            language: Whisper's code.
            wanted: Asked between windows; when it says no, what there is is returned.
        """
        told, doubtful = "", True
        if self._prompt:
            found = list(self._full_segments(samples, language, self._prompt))
            told = _join_segments(found, len(samples), should_continue)
            doubtful = any(map(_is_doubtful, found))
            if not should_continue() or not (doubtful or leaks_prompt(told, self._prompt)):
                return told
        untold = _join_segments(
            self._full_segments(samples, language), len(samples), should_continue
        )
        return untold if doubtful or caused_by_prompt(told, untold) else told

    def _full_segments(self, samples: Samples, language: str, prompt: str = "") -> Iterable[Any]:
        """faster-whisper's, as it finds them. What a hint leads astray is not tried warmer."""
        found: tuple[Iterable[Any], Any] = self._model.transcribe(
            samples,
            language=language or None,
            beam_size=FULL_BEAM,
            temperature=[0.0] if prompt else list(TEMPERATURES),
            condition_on_previous_text=False,
            hotwords=prompt or None,
        )
        return found[0]

    def decode_window(
        self,
        samples: Samples,
        language: str,
        window_s: float = WINDOW_S,
        *,
        beam: int = SHORT_BEAM,
        prompt: str = "",
    ) -> Hypothesis:
        """One decode in a window of `window_s` or what the audio needs; not checked."""
        model = self._model
        duration_s = len(samples) / RATE_HZ
        window_s = min(FULL_WINDOW_S, max(window_s, duration_s + PADDING_S))
        encoded = self._encode(samples, window_s)
        language = language or self._detect_language(encoded)
        tokenizer = self._tokenizer(language)
        prompt = model.get_prompt(tokenizer, [], hotwords=prompt or None)

        def generated(most: int) -> Hypothesis:
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
            return _to_hypothesis(result, tokenizer, samples, language, most)

        if language not in self._high_limit_languages:
            draft = generated(likely_tokens(duration_s))
            if draft.defect != "capped" or draft.is_looping:
                return draft
        draft = generated(max_tokens(duration_s))
        if not draft.defect:
            self._high_limit_languages.add(language)
        return draft

    def _encode(self, samples: Samples, window_s: float) -> Any:
        """Padded before the features are taken: zeros behind them are no silence to the model."""
        from faster_whisper.audio import pad_or_trim

        features = self._model.feature_extractor(pad_with_noise(samples, window_s))
        count = round(window_s * FRAMES_PER_S / 2) * 2
        return self._model.encode(pad_or_trim(features, count))

    def _tokenizer(self, language: str) -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )

    def _fit_prompt(self, prompt: str) -> str:
        tokens = self._model.hf_tokenizer.encode(f" {prompt}", add_special_tokens=False).ids
        if len(tokens) <= MAX_PROMPT_TOKENS:
            return prompt
        return str(self._model.hf_tokenizer.decode(tokens[-MAX_PROMPT_TOKENS:])).strip("� ,")

    def _detect_language(self, encoded: Any) -> str:
        if not self._model.model.is_multilingual:
            return "en"
        token, _ = self._model.model.detect_language(encoded)[0][0]
        return str(token[2:-2])


def _to_hypothesis(
    result: Any, tokenizer: Tokenizer, samples: Samples, language: str, token_limit: int
) -> Hypothesis:
    """What CTranslate2 found, read up to the end of the audio."""
    duration_s = len(samples) / RATE_HZ
    tokens = result.sequences_ids[0]
    inside = _tokens_before_end(tokens, duration_s, tokenizer.timestamp_begin)
    words = tuple(token for token in inside if token < tokenizer.eot)
    return Hypothesis(
        text=tokenizer.decode(words).strip(),
        tokens=words,
        token_count=len(inside),
        token_limit=token_limit,
        log_prob=result.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech_probability=result.no_speech_prob,
        duration_s=duration_s,
        language=language,
        loud_s=float(loud_blocks(samples).sum()) * LOUD_BLOCK_SAMPLES / RATE_HZ,
    )


def _tokens_before_end(tokens: list[int], duration_s: float, first_time: int) -> list[int]:
    """Up to where the words are timed after the end of the audio: what ran on was never said."""
    for at, token in enumerate(tokens[1:], 1):
        if (
            token >= first_time
            and (token - first_time) * TIMESTAMP_STEP_S > duration_s - TIMESTAMP_STEP_S
        ):
            return tokens[:at]
    return tokens


def _join_segments(
    segments: Iterable[Any], samples: int, should_continue: Callable[[], bool]
) -> str:
    parts = []
    for segment in segments:
        if segment.start < samples / RATE_HZ and not _is_hallucinated(segment):
            parts.append(segment.text)
        if not should_continue():
            break
    return "".join(parts).strip()


def _is_doubtful(segment: Any) -> bool:
    """Names that come again and again are sure of themselves, and do not pack small enough."""
    repetitive = segment.compression_ratio > MAX_COMPRESSION_RATIO or repeats_tokens(segment.tokens)
    return bool(segment.avg_logprob < MIN_LOG_PROB or repetitive)


def _is_hallucinated(segment: Any) -> bool:
    """Text for what is no speech, or a loop that no temperature got out of."""
    doubtful = segment.avg_logprob < MIN_LOG_PROB
    return bool(
        (segment.no_speech_prob > NO_SPEECH_PROBABILITY and doubtful)
        or (segment.compression_ratio > MAX_COMPRESSION_RATIO and doubtful)
    )
