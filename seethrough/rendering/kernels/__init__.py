"""Numba kernels of the CPU renderer; each works on a range of images and releases the GIL.

Written from public mathematics: edge functions (Pineda, SIGGRAPH 1988), homogeneous rasterization (Olano and Greer,
HWWS 1997), fixed-point snapping and fill rule (Laine and Karras, HPG 2011), the tensor conventions of the nvdiffrast
paper (Laine et al. 2020, arXiv 2011.03277), and rasterized edge gradients (arXiv 2405.02508).

All arrays are C-contiguous; floats are float32, indices int32. Numba checks no bounds: callers validate triangles.
"""
