// Everything here only adds: each deed is a form or a link that works without it.
"use strict";

const rows = () => [...document.querySelectorAll("[data-rows] tbody tr")];
const typing = (element) => element.matches("input:not([type=checkbox]), select, textarea");

function at() {
  return rows().findIndex((row) => row.classList.contains("at") || row.contains(document.activeElement));
}

function move(to) {
  const all = rows();
  if (!all.length) return;
  const row = all[Math.max(0, Math.min(to, all.length - 1))];
  all.forEach((one) => one.classList.toggle("at", one === row));
  (row.querySelector("[data-open]") || row.querySelector("a, button, input")).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function press(key) {
  // A key of the row comes before one of the page.
  const row = rows()[at()];
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const found = (row && row.querySelector(wanted)) || [...document.querySelectorAll(wanted)].find((one) => !one.closest("[data-rows] tbody"));
  if (!found || found.disabled) return false;
  if (typing(found)) { found.focus(); found.select && found.select(); } else found.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) { if (event.key === "Escape") event.target.blur(); return; }
  let done = true;
  if (event.key === "j" || event.key === "ArrowDown") move(at() + 1);
  else if (event.key === "k" || event.key === "ArrowUp") move(Math.max(0, at() - 1));
  else if (event.key === "g") move(0);
  else if (event.key === "G") move(rows().length - 1);
  else if (event.key.length === 1) done = press(event.key);
  else done = false;
  if (done) event.preventDefault();
});

document.addEventListener("click", (event) => {
  // A large click area: a row opens what its link opens.
  const row = event.target.closest("[data-rows] tbody tr");
  if (!row || event.target.closest("a, button, input, label, summary, select") || String(getSelection())) return;
  const link = row.querySelector("[data-open]");
  if (link) link.click();
});

document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-all]");
  if (all) document.querySelectorAll(`input[name="${all.dataset.all}"]`).forEach((box) => { box.checked = all.checked; });
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  counted();
});

function counted() {
  document.querySelectorAll("[data-count]").forEach((place) => {
    place.textContent = document.querySelectorAll(`input[name="${place.dataset.count}"]:checked`).length;
  });
}

document.addEventListener("submit", (event) => {
  // A second press must not send a form twice.
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

async function refresh(part) {
  // Progress: the same page again, only its changing part is taken.
  try {
    const answer = await fetch(location.href, { headers: { "X-Refresh": "1" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (fresh && !part.contains(document.activeElement)) part.replaceWith(fresh);
  } catch { /* The server is away for a moment; the next time will do. */ }
  watch();
}

function watch() {
  const part = document.querySelector("[data-refresh]");
  if (part) setTimeout(() => refresh(part), 1000 * Number(part.dataset.refresh));
}

// After a deed on a row the same place in the list is taken again.
const place = `at ${location.pathname}`;
document.addEventListener("submit", () => { if (at() >= 0) sessionStorage.setItem(place, at()); });
const before = sessionStorage.getItem(place);
sessionStorage.removeItem(place);
if (before !== null) move(Number(before));

counted();
watch();
