"""Text and places: source files, spans, the three column units, reading programs from disk."""
