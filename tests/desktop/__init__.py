"""A real desktop, rigged up for tests: screen, session, sound, editors, and Sayso on it."""
