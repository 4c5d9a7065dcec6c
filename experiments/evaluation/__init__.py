"""Scoring runs on held-out faces: what is the same for every method, and what each method adds."""
