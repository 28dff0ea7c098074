"""The joint: the only room that knows both columns, the one that compiles and the one that runs.

`interpreter` wires one run from these parts:

- `loader` finds modules, takes their code from the cache or compiles it, and keeps the graph of imports;
- `support` gives compiled code the names it calls; `world` is what built-ins see of the run; `output` buffers what
  it prints;
- `host` drives the kernel: it tells it the time, carries out what it asks, and waits;
- `outside` answers asks: `workers` runs blocking calls in threads, `triothread` runs async ones on Trio, both started
  only when the first such ask comes, since importing Trio costs more than most programs run;
- `preempt` keeps busy code from hanging the rest, and takes Ctrl-C; `limits` lifts and restores Python's limits;
- `tracebacks` and `reports` turn a failure into what the user reads.

What a warm start of a small program passes through must not import anything slow: see `tests/cli/test_startup.py`.
"""
