"""Tests of the application on a real desktop, and the parts of that desktop."""
