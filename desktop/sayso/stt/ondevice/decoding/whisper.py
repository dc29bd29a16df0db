"""Whisper decoder: short windows for segments, faster-whisper's own method for longer audio.

Whisper's encoder always processes 30 s, which takes most of the time of a short segment. A window
of 7 s takes much less. The model was not trained on that, so four measures are necessary:
timestamps are on (without them the errors double), the audio is padded before its features are
computed, the padding is noise as loud as the noise in the audio (with silence a window of 6 s has
50 % more errors), and the result is checked (see `quality`). With these, windows of 6 to 10 s have
about the same number of errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from ..samples import FRAME_SAMPLES, RATE_HZ, Samples, loud_frames, pad_with_noise
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

FEATURES_PER_S = 100
WINDOW_S = 7.0
PADDING_S = 3.0
"""Minimum padding in a window. With 1 s the errors double."""
RETRY_WINDOW_S = 15.0
RETRY_PADDING_S = 8.0
FULL_WINDOW_S = 30.0
LANGUAGE_WINDOW_S = 7.0
INCREMENTAL_BEAM = 2
"""Beam of incremental decodes. They take a fifth less time than with beam 3, without more errors
in 75 takes; segments had more errors with it."""
SHORT_BEAM = 3
FULL_BEAM = 5
TEMPERATURES = (0.0, 0.2, 0.4)
"""faster-whisper continues to 1.0. Higher temperatures seldom help and take 1 s each."""
TIMESTAMP_STEP_S = 0.02
MAX_PROMPT_TOKENS = 220
"""faster-whisper accepts 223 tokens and cuts off the end."""
BENCHMARK_S = 5.0
BENCHMARK_TOKENS = 30
"""Number of tokens in `BENCHMARK_S` of English."""


@attrs.frozen
class Device:
    name: Literal["cuda", "cpu"]
    compute_type: str
    """One of CTranslate2's compute types."""


CPU = Device("cpu", "int8")


class WhisperDecoder:
    """A loaded Whisper model; implements `Decoder`."""

    def __init__(
        self, folder: Path, threads: int = 1, device: Device = CPU, prompt: str = ""
    ) -> None:
        """Load the model from a folder; takes 0.3 to 1 s.

        Args:
            folder: Folder of the model files.
            threads: Number of processor threads for each of the two concurrent decodes.
            device: Device to decode on.
            prompt: Initial prompt; the beginning of a long one is cut off.

        Raises:
            RuntimeError, OSError, ValueError: CTranslate2 cannot load the model.
            MemoryError: There is not enough memory.
            ImportError: faster-whisper is not installed.
        """
        from faster_whisper import WhisperModel

        self.whisper = WhisperModel(
            str(folder),
            device=device.name,
            compute_type=device.compute_type,
            cpu_threads=threads,
            num_workers=2,
            local_files_only=True,
        )
        self.languages: frozenset[str] = frozenset(self.whisper.supported_languages)
        self.prompt = self.fit_prompt(prompt)
        self.folder, self.device = folder, device
        self._high_limit_languages: set[str] = set()
        """Languages whose transcripts have exceeded the usual token limit; they get the higher
        limit at once."""

    def unload(self) -> bool:
        """Free the weights; return False if a decode prevents that now.

        The tokenizer stays in memory (50 MB). Creating it takes 0.5 s during which no other Python
        thread runs, and the model is loaded again while the user speaks.
        """
        self.whisper.model.unload_model()
        return not self.whisper.model.model_is_loaded

    def reload(self) -> None:
        """Load the weights again.

        Raises:
            RuntimeError: The files are missing.
        """
        self.whisper.model.load_model()

    def warm_up(self) -> None:
        """Make the first decode, which is up to 0.25 s slower than the next."""
        self.decode_window(np.zeros(RATE_HZ, np.float32), "en")

    def benchmark(self) -> float:
        """Return the seconds it takes to decode 5 s of silence into a fixed number of tokens."""
        start_s = time.perf_counter()
        silence = np.zeros(round(BENCHMARK_S * RATE_HZ), np.float32)
        tokenizer = self._tokenizer("en")
        self.whisper.model.generate(
            self._encode(silence, BENCHMARK_S + PADDING_S),
            [self.whisper.get_prompt(tokenizer, [])],
            beam_size=SHORT_BEAM,
            max_length=2 * BENCHMARK_TOKENS,  # CTranslate2 uses half of it
            suppress_tokens=[-1, tokenizer.eot],  # no early end
        )
        return time.perf_counter() - start_s

    def detect_language(self, samples: Samples) -> str:
        """Return Whisper's code for the language of the first seconds."""
        samples = samples[: round(LANGUAGE_WINDOW_S * RATE_HZ)]
        return self._detect_language(self._encode(samples, LANGUAGE_WINDOW_S + PADDING_S))

    def decode_once(
        self, samples: Samples, language: str, *, incremental: bool = False
    ) -> Hypothesis:
        """See `Decoder`. The result is unusable if it leaks the prompt."""
        beam = INCREMENTAL_BEAM if incremental else SHORT_BEAM
        found = self.decode_window(samples, language, beam=beam, prompt=self.prompt)
        if leaks_prompt(found.text, self.prompt):
            return attrs.evolve(found, token_limit=0)
        return found

    def decode_segment(self, samples: Samples, language: str) -> Hypothesis:
        """See `Decoder`. A result with a defect is decoded again without the prompt."""
        if not self.prompt:
            return self._decode_unprompted(samples, language)
        prompted = self.decode_window(samples, language, prompt=self.prompt)
        if not prompted.defect and not leaks_prompt(prompted.text, self.prompt):
            return prompted
        unprompted = self._decode_unprompted(samples, prompted.language)
        if prompted.is_unusable or caused_by_prompt(prompted.text, unprompted.text):
            return unprompted
        if prompted.log_prob > MIN_LOG_PROB or unprompted.defect:
            return prompted
        return unprompted

    def _decode_unprompted(self, samples: Samples, language: str) -> Hypothesis:
        """Decode in a short window, then in a longer one and in the full one if necessary."""
        first = self.decode_window(samples, language)
        if not first.defect:
            return first
        window_s = max(RETRY_WINDOW_S, len(samples) / RATE_HZ + RETRY_PADDING_S)
        second = self.decode_window(samples, first.language, window_s)
        if second.is_unusable and second.defect != "repeated_sentence":
            full = self._full_segments(samples, first.language)
            text = _join_segments(full, len(samples), lambda: True)
            return Hypothesis(text, duration_s=first.duration_s, language=first.language)
        if first.defect == "too_few_tokens":
            return max(first, second, key=lambda found: len(found.text))
        if first.is_unusable or second.log_prob > first.log_prob:
            return second
        return first

    def transcribe(
        self, samples: Samples, language: str, should_continue: Callable[[], bool]
    ) -> str:
        """See `Decoder`. Uses windows of 30 s with beam 5."""
        prompted, doubtful = "", True
        if self.prompt:
            segments = list(self._full_segments(samples, language, self.prompt))
            prompted = _join_segments(segments, len(samples), should_continue)
            doubtful = any(map(_is_doubtful, segments))
            if not should_continue() or not (doubtful or leaks_prompt(prompted, self.prompt)):
                return prompted
        found = self._full_segments(samples, language)
        unprompted = _join_segments(found, len(samples), should_continue)
        return unprompted if doubtful or caused_by_prompt(prompted, unprompted) else prompted

    def _full_segments(self, samples: Samples, language: str, prompt: str = "") -> Iterable[Any]:
        """Return the segments of faster-whisper as they are decoded.

        With a prompt, higher temperatures are not tried: the audio is decoded without it instead.
        """
        segments: Iterable[Any]
        segments, _ = self.whisper.transcribe(
            samples,
            language=language or None,
            beam_size=FULL_BEAM,
            temperature=[0.0] if prompt else list(TEMPERATURES),
            condition_on_previous_text=False,
            hotwords=prompt or None,
        )
        return segments

    def decode_window(
        self,
        samples: Samples,
        language: str,
        window_s: float = WINDOW_S,
        *,
        beam: int = SHORT_BEAM,
        prompt: str = "",
    ) -> Hypothesis:
        """Decode once in a window of `window_s`, or of more if the audio needs it."""
        model = self.whisper
        duration_s = len(samples) / RATE_HZ
        window_s = min(FULL_WINDOW_S, max(window_s, duration_s + PADDING_S))
        encoded = self._encode(samples, window_s)
        language = language or self._detect_language(encoded)
        tokenizer = self._tokenizer(language)
        tokens = model.get_prompt(tokenizer, [], hotwords=prompt or None)

        def generate(token_limit: int) -> Hypothesis:
            result = model.model.generate(
                encoded,
                [tokens],
                beam_size=beam,
                # CTranslate2 (4.8) uses the smaller of half of this and what the prompt leaves.
                max_length=min(model.max_length, max(2 * token_limit, len(tokens) + token_limit)),
                return_scores=True,
                return_no_speech_prob=True,
                max_initial_timestamp_index=50,
            )[0]
            return _to_hypothesis(result, tokenizer, samples, language, token_limit)

        if language not in self._high_limit_languages:
            found = generate(likely_tokens(duration_s))
            if found.defect != "token_limit" or found.is_looping:
                return found
        found = generate(max_tokens(duration_s))
        if not found.defect:
            self._high_limit_languages.add(language)
        return found

    def fit_prompt(self, prompt: str) -> str:
        """Return the end of the prompt that fits into `MAX_PROMPT_TOKENS`."""
        tokenizer = self.whisper.hf_tokenizer
        tokens = tokenizer.encode(f" {prompt}", add_special_tokens=False).ids
        if len(tokens) <= MAX_PROMPT_TOKENS:
            return prompt
        return str(tokenizer.decode(tokens[-MAX_PROMPT_TOKENS:])).strip("� ,")

    def _encode(self, samples: Samples, window_s: float) -> Any:
        """Encode a window; it is padded before the features, where zeros are not silence."""
        from faster_whisper.audio import pad_or_trim

        features = self.whisper.feature_extractor(pad_with_noise(samples, window_s))
        count = round(window_s * FEATURES_PER_S / 2) * 2
        return self.whisper.encode(pad_or_trim(features, count))

    def _tokenizer(self, language: str) -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        tokenizer, multilingual = self.whisper.hf_tokenizer, self.whisper.model.is_multilingual
        return Tokenizer(tokenizer, multilingual, task="transcribe", language=language)

    def _detect_language(self, encoded: Any) -> str:
        if not self.whisper.model.is_multilingual:
            return "en"
        token, _ = self.whisper.model.detect_language(encoded)[0][0]
        return str(token[2:-2])


def _to_hypothesis(
    result: Any, tokenizer: Tokenizer, samples: Samples, language: str, token_limit: int
) -> Hypothesis:
    """Convert a result of CTranslate2, without the text after the end of the audio."""
    duration_s = len(samples) / RATE_HZ
    tokens = result.sequences_ids[0]
    kept = _tokens_before_end(tokens, duration_s, tokenizer.timestamp_begin)
    text_tokens = tuple(token for token in kept if token < tokenizer.eot)
    return Hypothesis(
        text=tokenizer.decode(text_tokens).strip(),
        tokens=text_tokens,
        token_count=len(kept),
        token_limit=token_limit,
        log_prob=result.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech_probability=result.no_speech_prob,
        duration_s=duration_s,
        language=language,
        loud_s=float(loud_frames(samples).sum()) * FRAME_SAMPLES / RATE_HZ,
    )


def _tokens_before_end(tokens: list[int], duration_s: float, first_timestamp: int) -> list[int]:
    """Return the tokens before the first timestamp at or after the end of the audio."""
    for index, token in enumerate(tokens[1:], 1):
        time_s = (token - first_timestamp) * TIMESTAMP_STEP_S
        if token >= first_timestamp and time_s > duration_s - TIMESTAMP_STEP_S:
            return tokens[:index]
    return tokens


def _join_segments(
    segments: Iterable[Any], sample_count: int, should_continue: Callable[[], bool]
) -> str:
    parts = []
    for segment in segments:
        if segment.start < sample_count / RATE_HZ and not _is_hallucinated(segment):
            parts.append(segment.text)
        if not should_continue():
            break
    return "".join(parts).strip()


def _is_doubtful(segment: Any) -> bool:
    repetitive = segment.compression_ratio > MAX_COMPRESSION_RATIO
    # A repeated name has a high probability and may compress normally: its tokens repeat.
    return bool(segment.avg_logprob < MIN_LOG_PROB or repetitive or repeats_tokens(segment.tokens))


def _is_hallucinated(segment: Any) -> bool:
    """Return whether an uncertain segment has no speech, or loops at every temperature."""
    silent = segment.no_speech_prob > NO_SPEECH_PROBABILITY
    repetitive = segment.compression_ratio > MAX_COMPRESSION_RATIO
    return bool(segment.avg_logprob < MIN_LOG_PROB and (silent or repetitive))
