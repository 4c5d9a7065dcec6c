// Tabs after the WAI-ARIA pattern; the address says which one is open, so that a link can lead to it.

function setUpTabs(builders) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const panels = tabs.map((tab) => document.getElementById(tab.getAttribute("aria-controls")));
  const names = tabs.map((tab) => tab.id.replace("tab-", ""));
  const built = new Set();

  function build(place) {
    if (built.has(place)) return;
    built.add(place);
    try {
      builders[names[place]](panels[place]);
    } catch (error) {
      panels[place].append(el("p", { class: "callout" }, `This part cannot be shown: ${error.message}`));
      console.error(error);
    }
  }

  function open(place, focus) {
    tabs.forEach((tab, other) => {
      const selected = other === place;
      tab.setAttribute("aria-selected", selected);
      tab.tabIndex = selected ? 0 : -1;
      panels[other].hidden = !selected;
    });
    build(place);
    panels[place].dispatchEvent(new Event("shown"));
    if (focus) {
      tabs[place].focus();
      tabs[place].scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  tabs.forEach((tab, place) => {
    panels[place].dataset.title = tab.textContent;
    tab.addEventListener("click", () => {
      open(place, true);
      history.replaceState(null, "", `#${names[place]}`);
      window.scrollTo(0, 0);
    });
    tab.addEventListener("keydown", (event) => {
      const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -place, End: tabs.length - 1 - place };
      if (!(event.key in moves)) return;
      event.preventDefault();
      tabs[(place + moves[event.key] + tabs.length) % tabs.length].click();
    });
  });
  const fromAddress = () => open(Math.max(names.indexOf(location.hash.slice(1)), 0), false);
  window.addEventListener("hashchange", fromAddress);
  window.addEventListener("beforeprint", () => tabs.forEach((_, place) => build(place)));
  fromAddress();
}

function count(tab, number) {
  document.getElementById(`tab-${tab}`).append(el("span", { class: "count" }, number ? String(number) : "–"));
}
