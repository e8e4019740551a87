/* A list and the names of the files in a folder: only these are sent, the files later. All words come from the page. */
"use strict";
(() => {
  const { pathOf } = window.portal;
  const $ = (s, root = document) => root.querySelector(s);
  const form = $("form[data-listed]");
  if (!form) return;
  form.closest("[data-script-only]").hidden = false;
  const folder = $("[data-folder]", form), told = $("[data-told]", form);
  const tell = text => { told.hidden = !text; told.textContent = text; };
  form.addEventListener("submit", async e => {
    e.preventDefault();
    if (form.dataset.going) return;
    const names = [...folder.files].map(file => [pathOf(file), file.size]);
    if (!names.length) { tell(form.dataset.none); folder.focus(); return; }
    form.dataset.going = "1";
    tell("");
    const data = new FormData(form);
    data.append("names", new Blob([JSON.stringify(names)]), "names.json");
    try {
      const answer = await fetch(form.action, { method: "POST", body: data });
      if (answer.ok && answer.redirected) { location.assign(answer.url); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      tell($("[role=alert]", page)?.textContent.trim() || form.dataset.lost);
    } catch { tell(form.dataset.lost); }
    delete form.dataset.going;
  });
})();
