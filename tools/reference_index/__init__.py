"""Reference sets for hole filling: bump maps of unoccluded faces, searchable by viewpoint and person (Extreme 3D)."""
