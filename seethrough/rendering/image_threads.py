"""A small pool of threads that shares out the images of a batch; kernels release the GIL, so it scales.

Every image is worked on by exactly one thread and no thread touches another image's memory: results are bitwise the
same whatever the number of threads. OpenMP is kept out on purpose: its spinning threads collapse on a busy machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch

_pool: ThreadPoolExecutor | None = None
_pool_size = 0


def _forget_pool() -> None:
    global _pool, _pool_size
    _pool, _pool_size = None, 0


# threads do not survive a fork: a DataLoader worker makes its own pool when it first needs one
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _get_pool(threads: int) -> ThreadPoolExecutor:
    global _pool, _pool_size
    if _pool is None or _pool_size < threads:
        if _pool is not None:
            _pool.shutdown(wait=False)
        _pool = ThreadPoolExecutor(threads, thread_name_prefix="seethrough-image")
        _pool_size = threads
    return _pool


def for_each_image(kernel: Callable[..., None], *arguments: object, images: int, threads: int | None = None) -> None:
    """Call ``kernel(*arguments, first, last)`` on ranges that together cover all ``images``.

    Args:
        kernel: a nogil kernel whose last two arguments are a half-open range of images.
        *arguments: what the kernel takes before that range.
        images: number of images in the batch; zero does nothing.
        threads: how many threads share the batch; None follows ``torch.get_num_threads()``.
    """
    if images == 0:
        return
    threads = min(images, threads or torch.get_num_threads())
    if threads <= 1:
        kernel(*arguments, 0, images)
        return
    # two ranges a thread even out images of unequal cost; more would only cost calls
    ranges = min(images, 2 * threads)
    borders = [images * k // ranges for k in range(ranges + 1)]
    pool = _get_pool(threads)
    futures = [pool.submit(kernel, *arguments, first, last) for first, last in pairwise(borders)]
    for future in futures:
        future.result()
