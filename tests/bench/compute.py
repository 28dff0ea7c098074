"""The same algorithm in Lumen, typed as a user would, and in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.bench.measure import Row, load, ratio_of_medians

LUMEN = """
cell fib(n: Int) -> Int
  if n < 2
    return n
  end
  return fib(n - 1) + fib(n - 2)
end

cell nested_loops(n: Int) -> Int
  let mut total = 0
  for i in 0..n
    for j in 0..n
      total = total + i * j % 7
    end
  end
  return total
end

cell sieve(n: Int) -> Int
  let mut is_prime = [true for i in 0..=n]
  let mut count = 0
  for i in 2..=n
    if is_prime[i]
      count = count + 1
      let mut j = i * i
      while j <= n
        is_prime[j] = false
        j = j + i
      end
    end
  end
  return count
end

record Body(x: Float, y: Float, z: Float, vx: Float, vy: Float, vz: Float, mass: Float) end

cell nbody(steps: Int) -> Float
  let mut bodies: list[Body] = [
    Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47),
    Body(4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037),
    Body(8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011),
    Body(12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017),
    Body(15.37, -25.9, 0.17, 0.97, 0.59, -0.03, 0.002)
  ]
  let n = length(bodies)
  for s in 0..steps
    for i in 0..n
      let mut a = bodies[i]
      for j in 0..n
        if i != j
          let b = bodies[j]
          let dx = a.x - b.x
          let dy = a.y - b.y
          let dz = a.z - b.z
          let d2 = dx * dx + dy * dy + dz * dz + 0.01
          let mag = 0.01 * b.mass / (d2 * sqrt(d2))
          a.vx = a.vx - dx * mag
          a.vy = a.vy - dy * mag
          a.vz = a.vz - dz * mag
        end
      end
      bodies[i] = a
    end
    for i in 0..n
      bodies[i].x += 0.01 * bodies[i].vx
      bodies[i].y += 0.01 * bodies[i].vy
      bodies[i].z += 0.01 * bodies[i].vz
    end
  end
  return bodies[0].x
end

cell strings(n: Int) -> Int
  let mut s = ""
  for i in 0..n
    s = s ++ "item {i}, "
  end
  return length(s)
end

cell lists(n: Int) -> Int
  let squares = [i * i for i in 0..n]
  let mut odd: list[Int] = []
  for x in squares
    if x % 2 == 1
      odd = append(odd, x)
    end
  end
  return length(odd)
end

record Counter(hits: Int, misses: Int, last: String) end

cell records(n: Int) -> Int
  let mut c = Counter(hits: 0, misses: 0, last: "")
  for i in 0..n
    if i % 3 == 0
      c.hits = c.hits + 1
    else
      c.misses += 1
    end
    c.last = "x"
  end
  return c.hits
end

cell count_words(words: list[String]) -> Int
  let mut counts: map[String, Int] = {}
  for w in words
    if has_key(counts, w)
      counts[w] = counts[w] + 1
    else
      counts[w] = 1
    end
  end
  return length(counts)
end

cell appends(n: Int) -> Int
  let mut xs: list[Int] = []
  for i in 0..n
    xs = append(xs, i)
  end
  return length(xs)
end
"""


def fib(n: int) -> int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def nested_loops(n: int) -> int:
    total = 0
    for i in range(n):
        for j in range(n):
            total = total + i * j % 7
    return total


def sieve(n: int) -> int:
    is_prime = [True for i in range(n + 1)]
    count = 0
    for i in range(2, n + 1):
        if is_prime[i]:
            count = count + 1
            j = i * i
            while j <= n:
                is_prime[j] = False
                j = j + i
    return count


@dataclass(slots=True)
class Body:
    x: float
    y: float
    z: float
    vx: float
    vy: float
    vz: float
    mass: float


def nbody(steps: int) -> float:
    from math import sqrt

    bodies = [
        Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47),
        Body(4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037),
        Body(8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011),
        Body(12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017),
        Body(15.37, -25.9, 0.17, 0.97, 0.59, -0.03, 0.002),
    ]
    n = len(bodies)
    for _ in range(steps):
        for i in range(n):
            a = bodies[i]
            for j in range(n):
                if i != j:
                    b = bodies[j]
                    dx = a.x - b.x
                    dy = a.y - b.y
                    dz = a.z - b.z
                    d2 = dx * dx + dy * dy + dz * dz + 0.01
                    mag = 0.01 * b.mass / (d2 * sqrt(d2))
                    a.vx = a.vx - dx * mag
                    a.vy = a.vy - dy * mag
                    a.vz = a.vz - dz * mag
        for i in range(n):
            bodies[i].x += 0.01 * bodies[i].vx
            bodies[i].y += 0.01 * bodies[i].vy
            bodies[i].z += 0.01 * bodies[i].vz
    return bodies[0].x


def strings(n: int) -> int:
    s = ""
    for i in range(n):
        s = s + f"item {i}, "
    return len(s)


def lists(n: int) -> int:
    squares = [i * i for i in range(n)]
    odd = []
    for x in squares:
        if x % 2 == 1:
            odd.append(x)
    return len(odd)


@dataclass(slots=True)
class Counter:
    hits: int
    misses: int
    last: str


def records(n: int) -> int:
    c = Counter(hits=0, misses=0, last="")
    for i in range(n):
        if i % 3 == 0:
            c.hits = c.hits + 1
        else:
            c.misses += 1
        c.last = "x"
    return c.hits


def count_words(words: list[str]) -> int:
    counts: dict[str, int] = {}
    for w in words:
        if w in counts:
            counts[w] = counts[w] + 1
        else:
            counts[w] = 1
    return len(counts)


def appends(n: int) -> int:
    xs: list[int] = []
    for i in range(n):
        xs.append(i)
    return len(xs)


CASES: list[tuple[str, Callable[..., Any], Any, float]] = [
    ("fib(25)", fib, 25, 1.3),
    ("nested loops", nested_loops, 700, 1.3),
    ("sieve", sieve, 300_000, 1.3),
    ("n-body", nbody, 1_500, 1.3),
    ("string building", strings, 200_000, 1.3),
    ("list building", lists, 400_000, 1.3),
    ("record updates", records, 400_000, 1.3),
    ("dictionary counting", count_words, [f"w{i * 7919 % 1000}" for i in range(300_000)], 1.3),
    ("xs = append(xs, v) x 1,000,000", appends, 1_000_000, 1.5),
]


def run(quick: bool) -> list[Row]:
    """One row for each algorithm: time of compiled Lumen over time of Python."""
    cells = load(LUMEN)
    rows = []
    for name, python, argument, goal in CASES:
        lumen = cells[python.__name__]
        if lumen(argument) != python(argument):
            raise AssertionError(f"{name}: the two disagree")
        ratio = ratio_of_medians(lambda f=lumen, a=argument: f(a), lambda f=python, a=argument: f(a), quick)
        rows.append(Row(f"compute: {name}", "plain Python", ratio, goal, at_most=True))
    return rows
