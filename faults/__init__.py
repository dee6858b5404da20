"""What memx promises under faults, tried out: one campaign a subject, each a function of its size.

    python -m faults [campaign …] [--scale 0.1] [--seed 1]

A campaign returns an `Outcome`: how much was tried, what came of it in figures, and every single thing
that did not hold. The test suite runs each of them at a small size. Those on PostgreSQL start a server of their
own, or use a database of the one that `MEMX_TEST_POSTGRES_URL` names.
"""
