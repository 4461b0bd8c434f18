"use strict";
const list = JSON.parse(document.getElementById("list").textContent);
const chips = [...document.querySelectorAll(".chip")];
const camera = document.getElementById("camera");
const everything = document.getElementById("everything");
const shown = document.getElementById("shown");
const marked = new Map();
for (const element of document.querySelectorAll("[data-id]")) {
  const id = element.dataset.id;
  marked.set(id, [...(marked.get(id) || []), element]);
}

function filter() {
  const keys = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.key));
  const place = camera ? camera.value : "";
  let count = 0;
  for (const one of list) {
    const fits = (keys.size === 0 || keys.has(one.key)) && (place === "" || one.camera === place);
    count += fits;
    for (const element of marked.get(one.id) || []) element.hidden = !fits;
  }
  for (const line of document.querySelectorAll(".line")) line.hidden = place !== "" && line.dataset.camera !== place;
  shown.textContent = `${count} of ${list.length} shown`;
  everything.hidden = keys.size === 0 && place === "";
}

for (const chip of chips) {
  chip.addEventListener("click", () => {
    chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
    filter();
  });
}
if (camera) camera.addEventListener("change", filter);
if (everything) {
  everything.addEventListener("click", () => {
    for (const chip of chips) chip.ariaPressed = "false";
    if (camera) camera.value = "";
    filter();
  });
  filter(); // a browser that goes back to this page keeps the chosen camera
}

// The poster is the picture of the confirmation that the card holds already, so that it is in the page only once.
const posters = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    posters.unobserve(target);
    const picture = target.closest(".card").querySelector(".trigger img, .onset img");
    if (picture) target.poster = picture.src;
  }
}, { rootMargin: "600px" });
for (const video of document.querySelectorAll("video")) {
  posters.observe(video);
  video.addEventListener("error", () => { video.title = "This browser cannot play the clip; open the file instead."; });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // pages from disk may not write to the clipboard everywhere
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
