"""Repeatable measurements, each beside its baseline of the same run.

    make bench                                everything, on SQLite, 1,000 products
    python -m bench pages --products 100000   one area, another size
    python -m bench --json var/bench.json     for comparing runs
    python -m tools.services run --durable -- python -m bench    on PostgreSQL

A figure alone says more about the machine than about us; its ratio to a baseline that
was measured in turns with it, on the same database, can be compared between machines.
To add an area, write `bench/areas/AREA.py` with `figures(bench) -> Iterator[Figure]`.
What was found is in docs/benchmarks.md.
"""
