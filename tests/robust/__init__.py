"""Hostile input and surroundings: one clear message, the right exit code, no traceback, no hang."""
