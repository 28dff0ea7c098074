"""Everything that shows a recorded run: pure functions from a `History` to text, HTML or JSON."""
