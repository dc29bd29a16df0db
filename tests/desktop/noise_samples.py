"""Audio without speech: sox effects that generate it, and recordings from Debian packages."""

from __future__ import annotations

from pathlib import Path

SOX_EFFECTS = {
    "digital silence": "trim 0 4",
    "a quiet room": "synth 4 whitenoise gain -55",
    "white noise": "synth 4 whitenoise gain -30",
    "pink noise": "synth 4 pinknoise gain -25",
    "a fan": "synth 4 brownnoise synth 4 sine mix 120 gain -18",
    "mains hum": "synth 4 sine 50 gain -20",
    "a tone": "synth 4 sine 440 gain -15",
    "wind": "synth 4 brownnoise tremolo 0.7 90 gain -10",
    "key clicks": "synth 0.012 whitenoise fade 0 0.012 0.01 gain -8 pad 0.2 0.15 repeat 12",
    "louder keys": "synth 0.02 whitenoise bandpass 2500 1000 fade 0 0.02 0.01 pad 0.1 repeat 18",
    "thumps on the table": "synth 0.06 brownnoise lowpass 300 fade 0 0.06 0.05 pad 0.7 repeat 5",
    "breath": "synth 0.9 pinknoise bandpass 1200 1500 fade t 0.35 0.9 0.4 gain -22 pad 1 repeat 2",
    "typing fast": "synth 0.008 whitenoise fade 0 0.008 0.006 gain -6 pad 0.05 0.06 repeat 35",
    "a nose": "synth 1.2 brownnoise highpass 400 fade t 0.5 1.2 0.5 gain -12 pad 0.6 repeat 2",
    "a chord": "synth 4 pluck C3 pluck E3 pluck G3 remix - gain -8",
    "an organ": "synth 4 sine 220 sine 277 sine 330 sine 440 remix - tremolo 5 30 gain -12",
    "a string plucked again and again": "synth 0.45 pluck A3 fade 0 0.45 0.2 gain -6 repeat 9",
    "drums": "synth 0.15 sine 160-50 fade 0 0.15 0.12 gain -4 pad 0 0.35 repeat 7",
    "a melody": "synth 0.5 triangle C4-G4 fade 0.05 0.5 0.1 gain -10 pad 0 0.1 repeat 7",
    "rustling": "synth 4 whitenoise bandpass 3000 2500 tremolo 9 80 gain -25",
}  # fmt: skip


GAME_SOUNDS = "/usr/share/games/frozen-bubble/snd"
"""Debian package frozen-bubble-data (GPL-2); the keyboard is from bucklespring-data (GPL-2+)."""
RECORDED_NOISES = {
    "a real keyboard": (sorted(Path("/usr/share/buckle/wav").glob("0*.wav")), "gain -6"),
    "applause": ([f"{GAME_SOUNDS}/applause.ogg"], "repeat 3"),
    "snoring": ([f"{GAME_SOUNDS}/snore.ogg"], "repeat 3"),
    "a typewriter": ([f"{GAME_SOUNDS}/typewriter.ogg"], "repeat 3"),
    "music with drums": ([f"{GAME_SOUNDS}/frozen-mainzik-1p.ogg"], "trim 20 6 gain -12"),
    "music for two": ([f"{GAME_SOUNDS}/frozen-mainzik-2p.ogg"], "trim 45 6 gain -12"),
    "an introduction": ([f"{GAME_SOUNDS}/introzik.ogg"], "trim 0 6 gain -12"),
}
