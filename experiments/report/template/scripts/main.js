// Puts the parts of the page together.

const made = new Date(DATA.made);
document.getElementById("about").textContent =
  `${[DATA.runs.length && counted(DATA.runs.length, "run"), DATA.faces.length && counted(DATA.faces.length, "face")].filter(Boolean).join(", ")} · made ${made.toISOString().slice(0, 16).replace("T", " ")} UTC · commit ${DATA.commit}`;
document.getElementById("footer").append("Made by ", el("code", {}, DATA.command), ".");
count("runs", DATA.runs.length);
count("curves", new Set(DATA.curves.flatMap((run) => Object.keys(run))).size);
count("scores", DATA.tables.length);
count("pictures", DATA.galleries.reduce((sum, gallery) => sum + gallery.faces.length, 0) + DATA.sheets.length);
count("faces", DATA.faces.length);
setUpTabs({ runs: buildRuns, curves: buildCurves, scores: buildScores, pictures: buildPictures, faces: buildFaces });
document.documentElement.dataset.ready = "true";
