"""Speed beside the replaced libraries: `python -m benchmarks [NAME ...]`.

Each module `bench_<topic>.py` has `run() -> list[Figure]` and measures both sides in one run, on the same
input.
"""
