/* Photos of one document: taken one after the other, put in order, sent together. All words come from the page. */
"use strict";
(() => {
  const { say, fill } = window.portal;
  const $ = (s, root = document) => root.querySelector(s);
  const $$ = (s, root = document) => [...root.querySelectorAll(s)];
  const form = $("form[data-photos]");
  if (!form || !window.DataTransfer) return;
  const list = $("[data-list]", form), blank = $("[data-blank]", form).content;
  const input = $("#photo", form), camera = $("[data-camera]", form), told = $("[data-told]", form);
  const button = $("button:not([type])", form), label = button.textContent;
  const photos = new Map();  // row → file; the rows stand in the order of the pages
  $$("[data-script-only]", form).forEach(n => { n.hidden = false; });

  const draw = async (canvas, file) => {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const side = Math.min(picture.width, picture.height), { width, height } = canvas;
      canvas.getContext("2d").drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, width, height);
      picture.close();
    } catch { /* no picture: the server says so */ }
  };
  const add = files => {
    for (const file of files) {
      const row = blank.cloneNode(true).firstElementChild;
      $("[data-name]", row).textContent = file.name;
      $$("button", row).forEach(b => b.setAttribute("aria-label", fill(b.getAttribute("aria-label"), { name: file.name })));
      photos.set(row, file);
      list.append(row);
      draw($("canvas", row), file);
    }
    tell("");
  };
  const tell = text => { told.hidden = !text; told.textContent = text; say(text); };
  list.addEventListener("click", e => {
    const pressed = e.target.closest("button"), row = pressed?.closest("li");
    if (!row) return;
    if ("up" in pressed.dataset) row.previousElementSibling?.before(row);
    if ("down" in pressed.dataset) row.nextElementSibling?.after(row);
    if ("remove" in pressed.dataset) {
      const near = row.nextElementSibling || row.previousElementSibling;
      photos.delete(row);
      row.remove();
      (near ? $("[data-remove]", near) : input).focus();
    } else pressed.focus();
  });
  for (const one of [input, camera]) {
    one.addEventListener("change", () => { add(one.files); one.value = ""; });
  }

  form.addEventListener("submit", e => {
    e.preventDefault();
    if (form.dataset.going) return;
    const data = new FormData(form);
    data.delete("photo");
    for (const row of list.children) data.append("photo", photos.get(row), photos.get(row).name);
    const call = new XMLHttpRequest();
    form.dataset.going = "1";
    button.setAttribute("aria-disabled", "true");
    tell("");
    call.open("POST", form.action);
    call.setRequestHeader("X-CSRFToken", $("[name=csrf_token]", form).value);
    call.upload.addEventListener("progress", at => {
      if (at.lengthComputable) button.textContent = fill(form.dataset.sending, { share: Math.floor(at.loaded * 100 / at.total) });
    });
    call.addEventListener("loadend", () => {
      const page = new DOMParser().parseFromString(call.responseText || "", "text/html");
      if (call.status === 200) { location.assign(call.responseURL); return; }
      delete form.dataset.going;
      button.removeAttribute("aria-disabled");
      button.textContent = label;
      tell($("[role=alert]", page)?.textContent.trim() || (call.status ? form.dataset.failed : form.dataset.lost));
    });
    call.send(data);
  });
})();
