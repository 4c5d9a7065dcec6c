"""One self-contained HTML page on some runs and reconstructions: curves, scores, pictures, meshes."""
