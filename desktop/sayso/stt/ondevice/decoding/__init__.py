"""Decoders: Whisper, and the checks of what it returns."""
