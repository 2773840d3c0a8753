"""Long fuzzing of every decoder: `python -m tests.fuzz --inputs 2000000`.

Each module `fuzz_<decoder>.py` has `TARGETS`, a tuple of `Target`. A target's `check` gets bytes and says
whether the decoder took or refused them; whatever else it raises is a finding. Inputs are mutated real
messages, the same for the same seed, so that every finding can be repeated.
"""
