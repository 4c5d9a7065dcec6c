"""The parts of ``experiments.reconstruct``: from photos to overlays, masks, meshes and a manifest."""
