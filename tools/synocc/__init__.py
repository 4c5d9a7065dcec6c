"""SynOcc, the self-contained occlusion benchmark, as files."""
