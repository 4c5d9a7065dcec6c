from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from experiments.report import page as page_module
from experiments.report.__main__ import main
from experiments.report.page import as_json
from seethrough.errors import SeethroughError
from tests.experiments.report.folders import add_pictures, add_rows, make_faces, make_run

TEMPLATE = Path(page_module.__file__).with_name("template")
HOSTILE = '</script><script>alert(1)</script>@script@ \u2028 & "'


def data_of(text: str) -> dict:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    return json.loads(match[1])


def test_one_page_of_runs_and_faces_and_an_exit_code_for_what_is_missing(tmp_path: Path, capsys) -> None:
    run = make_run(tmp_path / "runs" / "a")
    add_rows(run, [1.0, 2.0, 3.0])
    add_pictures(run)
    make_run(tmp_path / "runs" / "b", "model.loss.weights.binary=3")
    out = tmp_path / "report.html"
    arguments = [str(run), str(tmp_path / "runs" / "b"), str(make_faces(tmp_path / "out")), "--out", str(out)]
    assert main(arguments) == 0
    text = out.read_text(encoding="utf-8")
    data = data_of(text)
    assert [entry["name"] for entry in data["runs"]] == ["a", "b"]
    assert data["differences"][0]["settings"]["model.loss.weights.binary"]["values"][1] == "3.0"
    assert data["curves"][0]["reconstruct/pixel"] == [[20, 40], [0.5, 0.25]]
    assert [stage["stage"] for stage in data["faces"][0]["stages"]] == ["foundation", "bump", "complete"]
    assert 'id="mesh-2"' in text and 'id="mesh-3"' not in text
    assert any("no evaluation yet" in problem for problem in data["runs"][1]["problems"])
    assert "1 broken row(s)" in capsys.readouterr().err

    assert main([str(tmp_path / "nowhere"), str(run), "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"error: {tmp_path / 'nowhere'}: there is no such folder\n"
    assert "1 run, 0 faces" in captured.out
    assert data_of(out.read_text(encoding="utf-8"))["problems"] == [f"{tmp_path / 'nowhere'}: there is no such folder"]


def test_a_run_that_failed_in_a_sweep_says_so_and_why(tmp_path: Path) -> None:
    sweep = tmp_path / "sweep"
    for name in ("a", "b"):
        make_run(sweep / name)
    run = {"name": "a", "variant": "a", "seed": 0, "status": "failed", "reason": "NaN at step 2", "minutes": None}
    content = {"command": "python", "columns": [], "variants": [], "runs": [run]}
    (sweep / "table.json").write_text(json.dumps(content))
    assert main([str(sweep), "--out", str(tmp_path / "report.html")]) == 0
    first, second = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["runs"]
    assert (first["state"], first["problems"][0]) == ("failed", "NaN at step 2")
    assert second["state"] != "failed" and second["problems"] == ["no pictures of faces yet"]


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    run = str(make_run(tmp_path / "a"))
    for arguments, told in (
        ([str(tmp_path / "nowhere")], "nothing to report on"),
        ([run, "--out", "page.pdf"], "must end in .html"),
        ([run, "--megabytes", "0"], "from 1 to 500"),
        ([run, "--reference", "other", "--out", str(tmp_path / "x.html")], "choose one of a"),
        ([run, "--out", str(tmp_path / "a" / "config.yaml" / "x.html")], "cannot write"),
    ):
        with pytest.raises(SeethroughError, match=told):
            main(arguments)


def test_nothing_in_the_data_can_end_its_element_or_run(tmp_path: Path) -> None:
    quoted = HOSTILE.replace('"', '""').replace("\u2028", "")  # a line separator would end the line of a CSV file
    run = make_run(tmp_path / "a", metrics=f'step,"{quoted}"\n1,1\n')
    out = tmp_path / "report.html"
    main([str(run), "--out", str(out)])
    text = out.read_text(encoding="utf-8")
    assert "alert(1)" in text and "<script>alert" not in text
    assert text.count("<script") == 1 + 2  # the page's own, data and pictures
    assert "\\u003c/script>" in as_json(HOSTILE) and "\u2028" not in as_json(HOSTILE)
    assert as_json({"a": float("nan"), "b": (1, "\ud800")}) == '{"a":null,"b":[1,"?"]}'


def test_the_page_asks_for_nothing_outside_itself(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    main([str(make_run(tmp_path / "a")), "--out", str(out)])
    text = out.read_text(encoding="utf-8")
    assert "default-src &#x27;none&#x27;" in text
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", text)) - {"http://www.w3.org/2000/svg"}
    assert not addresses
    assert not re.search(r"<(link|img|script)[^>]+(src|href)=\"(?!data:)", text)


def test_templates_are_short_and_each_is_in_the_page() -> None:
    for folder, names, suffix in (("styles", page_module._STYLES, ".css"), ("scripts", page_module._SCRIPTS, ".js")):
        files = {file.stem for file in (TEMPLATE / folder).iterdir()}
        assert files == set(names)
        for name in names:
            assert len((TEMPLATE / folder / f"{name}{suffix}").read_text(encoding="utf-8").splitlines()) <= 200


def test_names_in_scripts_are_given_once() -> None:
    found: list[str] = []
    for file in (TEMPLATE / "scripts").iterdir():
        found += re.findall(
            r"^(?:async function|function|const|let|class) (\w+)", file.read_text("utf-8"), re.MULTILINE
        )
    assert len(found) == len(set(found))
