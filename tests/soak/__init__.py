"""Long runs of one thing, to see that it never fails: `python -m tests.soak NAME [--count N]`."""
