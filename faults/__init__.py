"""What memx promises under faults, tried out: one campaign a subject, each a function of its size.

    python -m faults [campaign …] [--scale 0.1] [--database URL]

A campaign returns an `Outcome`: how much was tried, what came of it in figures, and every single thing
that did not hold. The test suite runs each of them at a small size.
"""
