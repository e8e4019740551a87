/* A list and the names of the files in a folder: only these are sent, the files once the import has begun. The list may
   lie in the folder. All words come from the page. */
"use strict";
(() => {
  const { pathOf, imports } = window.portal;
  const $ = (s, root = document) => root.querySelector(s);
  const form = $("form[data-listed]");
  if (!form) return;
  form.closest("[data-script-only]").hidden = false;
  const folder = $("[data-folder]", form), list = $("#list", form), told = $("[data-told]", form);
  const names = form.dataset.lists.split(" ");
  // at the top of the folder that was chosen
  const inside = file => names.includes(pathOf(file).normalize("NFC").replace(/^[^/]*\//, ""));
  const tell = text => { told.hidden = !text; told.textContent = text; };
  form.addEventListener("submit", async e => {
    e.preventDefault();
    if (form.dataset.going) return;
    const files = [...folder.files];
    if (!files.length) { tell(form.dataset.none); folder.focus(); return; }
    const beside = list.files[0], found = beside || files.find(inside);
    if (!found) { tell(form.dataset.noList); list.focus(); return; }
    const sent = files.filter(file => file !== found);
    form.dataset.going = "1";
    tell("");
    const data = new FormData(form);
    data.set("file", found, found.name);
    data.append("names", new Blob([JSON.stringify(sent.map(file => [pathOf(file), file.size]))]), "names.json");
    try {
      const answer = await fetch(form.action, { method: "POST", body: data });
      if (answer.ok && answer.redirected) { await imports(answer.url, sent, true).catch(() => location.assign(answer.url)); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      tell($("[role=alert]", page)?.textContent.trim() || form.dataset.lost);
    } catch { tell(form.dataset.lost); }
    delete form.dataset.going;
  });
})();
