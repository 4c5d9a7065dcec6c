"""What the command line of a reconstruction refuses before it waits for networks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from experiments.reconstruction.options import read_options
from seethrough.errors import SeethroughError


@pytest.mark.parametrize("photo", ["photo.jpg", "album/photo", "list.txt"])
def test_a_photo_behind_an_option_that_may_stand_alone(photo: str) -> None:
    for order in (["--out", "out", "--shading", photo], ["other.jpg", "--out", "out", "--shading", photo]):
        with pytest.raises(SeethroughError, match=f"^{photo} was taken for the preset of --shading; put photos before"):
            read_options(order)
    options = read_options([photo, "--out", "out", "--shading"])
    assert (options.photos, options.shading) == ([photo], "default")
    assert read_options([photo, "--out", "out", "--shading", "kinect"]).shading == "kinect"


def test_a_file_for_results(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("taken")
    with pytest.raises(SeethroughError, match="out is a file: name a folder for the results"):
        read_options(["photo.jpg", "--out", str(tmp_path / "out")])


def test_no_photo_is_told_without_waiting_for_networks(tmp_path: Path) -> None:
    code = (
        "import sys, experiments.reconstruct as r\n"
        "try: r.main(sys.argv[1:])\n"
        "except Exception as e: print(e)\n"
        "print('experiments.reconstruction.estimator' in sys.modules)"
    )
    words = ["none.jpg", "nor.jpg", "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60)
    assert done.stdout == "none.jpg and 1 more: no such file; check the path\nFalse\n"
    assert not (tmp_path / "out").exists()
