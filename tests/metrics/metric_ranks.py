"""What each of several processes does in ``test_dataset_scores``; in a module of its own so that it can be spawned."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import distributed

from seethrough.metrics import ImageRMSE, MaskScores, PerImageTable, ScanToMeshError, SkillOverMeanFace, VertexError
from seethrough.metrics.bump_errors import BumpGradientError, BumpL1, BumpNormalAngle, BumpRMSE
from seethrough.metrics.table import TEXT, Column, text_rows, words_of
from tests.metrics.face_scans import AVERAGE, landmarks, surface


def faces(count: int = 7) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {
        "predicted": torch.rand(count, 1, 8, 8, generator=generator),
        "truth": torch.rand(count, 1, 8, 8, generator=generator).round(),
        "image": torch.rand(count, 3, 8, 8, generator=generator),
        "rendered": torch.rand(count, 3, 8, 8, generator=generator),
        "shape": torch.randn(count, 20, 3, generator=generator),
        "true_shape": torch.randn(count, 20, 3, generator=generator),
    }


def scores(rows: list[int]) -> dict[str, dict[str, float]]:
    """Score some of the faces, in batches of two, and gather over the processes if there are several."""
    data = faces()
    words = PerImageTable({"name": TEXT, "pair": Column(shape=(2,))})
    metrics = {
        "masks": MaskScores(),
        "rmse": ImageRMSE(),
        "bump_l1": BumpL1(),
        "bump_rmse": BumpRMSE(),
        "bump_gradient": BumpGradientError(),
        "bump_angle": BumpNormalAngle(),
        "vertices": VertexError(20),
        "scans": ScanToMeshError(),
        "skill": SkillOverMeanFace(data["true_shape"].mean(0)),
    }
    for start in range(0, len(rows), 2):
        index = torch.tensor(rows[start : start + 2])
        one = {name: values[index] for name, values in data.items()}
        region = torch.ones_like(one["truth"])
        metrics["masks"].update(index, one["predicted"], one["truth"], region)
        metrics["rmse"].update(index, one["image"], one["rendered"], region)
        for name in ("bump_l1", "bump_rmse"):
            metrics[name].update(index, one["predicted"], one["truth"], region)
        for name in ("bump_gradient", "bump_angle"):
            metrics[name].update(index, one["predicted"], one["truth"], region, 1 + 0.1 * index)
        metrics["vertices"].update(index, one["shape"], one["true_shape"])
        metrics["skill"].update(index, one["shape"], one["true_shape"])
        for number in index.tolist():
            traits = (0.3 * number - 1, 0.0, 0.5, 0.0, 0.1 * number)  # each scan has its own number of points
            scan = surface(21, 20 + number, traits)[0]
            metrics["scans"].update(number, scan, landmarks(traits), *surface(17, 19, AVERAGE), landmarks(AVERAGE))
        words.update(index, name=text_rows([f"face {n}" for n in index]), pair=torch.stack([index, -index], 1).float())
    result = {name: {key: value.item() for key, value in metric.compute().items()} for name, metric in metrics.items()}
    gathered = words.compute()
    result["words"] = dict(zip(words_of(gathered["name"]), gathered["pair"][:, 1].tolist(), strict=True))
    return result


def rank_main(rank: int, shares: list[list[int]], folder: str) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=len(shares))
    torch.save(scores(shares[rank]), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()
