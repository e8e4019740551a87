/* Keys, dialogs, filters, uploads. Every page works without this file; all words come from the page. */
"use strict";
(() => {
  const $ = (s, root = document) => root.querySelector(s);
  const $$ = (s, root = document) => [...root.querySelectorAll(s)];
  const words = document.body.dataset;
  const live = $("#live");
  const say = text => { if (live && text) live.textContent = text; };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, k) => values[k] ?? all);

  /* ---- dialogs: a link to #id opens it as a modal; without script CSS shows the target ---- */
  let opener = null;
  const open = dialog => {
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    const menu = opener.closest("details.menu");
    if (menu) { menu.open = false; opener = $("summary", menu); }
    dialog.showModal();
    ($("[aria-invalid=true]", dialog) || $("[autofocus],input:not([type=hidden]),select,textarea", dialog) || dialog).focus();
  };
  const close = dialog => { dialog.close(); opener?.focus?.(); };
  $$("dialog.dlg").forEach(dialog => {
    dialog.addEventListener("cancel", () => setTimeout(() => opener?.focus?.()));
    dialog.addEventListener("click", e => {
      if (e.target.closest("[data-close]")) { e.preventDefault(); close(dialog); }
    });
  });
  document.addEventListener("click", e => {
    const link = e.target.closest("a[data-dialog]");
    if (link) { e.preventDefault(); open($(link.getAttribute("href"))); }
    $$("details.menu[open]").forEach(m => { if (!m.contains(e.target)) m.open = false; });
  });
  $("main [aria-invalid=true]")?.focus();  // a refused form; a refused dialog takes the focus next
  open($("dialog.dlg.shown") || (location.hash.length > 1 && $(`dialog.dlg[id="${CSS.escape(location.hash.slice(1))}"]`)));

  /* ---- forms: Enter that ends an input-method composition never submits; one click, one submit ---- */
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", () => setTimeout(() => { composing = false; }));
  document.addEventListener("keydown", e => {
    if (e.key === "Enter" && (e.isComposing || composing || e.keyCode === 229)) e.stopPropagation();
  }, true);
  document.addEventListener("submit", e => {
    const form = e.target, button = e.submitter;
    if (e.defaultPrevented || form.method !== "post") return;
    if (form.dataset.busy) { e.preventDefault(); return; }
    form.dataset.busy = "1";
    if (button && form.method === "post") {
      button.setAttribute("aria-disabled", "true");
      if (button.dataset.busyLabel) { button.style.minWidth = `${button.offsetWidth}px`; button.lastChild.textContent = button.dataset.busyLabel; }
    }
  });
  window.addEventListener("pageshow", () => $$("form[data-busy]").forEach(f => {
    delete f.dataset.busy;
    $$("[aria-disabled]", f).forEach(b => b.removeAttribute("aria-disabled"));
  }));
  $$("[data-eye]").forEach(button => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = $(button.dataset.eye), shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  });
  $$("select[data-go]").forEach(s => s.addEventListener("change", () => s.form.requestSubmit()));
  $$("[data-show-if]").forEach(part => {
    const [name, value] = part.dataset.showIf.split("=");
    const source = part.closest("form").elements[name];
    const update = () => { part.hidden = source.value !== value; };
    source.addEventListener("change", update);
    update();
  });

  /* ---- filters: a change asks again at once, and the focus returns to what was changed ---- */
  const filters = $("form[data-filters]");
  if (filters) {
    const wide = matchMedia("(min-width: 992px)");
    const kept = sessionStorage.getItem("filter");
    sessionStorage.removeItem("filter");
    if (kept) { document.getElementById(kept)?.focus(); say(filters.dataset.count); }
    filters.addEventListener("change", e => {
      if (e.target.type === "date" || !wide.matches) return;
      sessionStorage.setItem("filter", e.target.id);
      filters.requestSubmit();
    });
    const sheet = $("details.fold", filters);
    const fold = () => { if (sheet) sheet.open = wide.matches; };
    wide.addEventListener("change", fold);  // a window grows, a tablet is turned
    fold();
  }
  document.addEventListener("keydown", e => {
    if (e.key === "Backspace" && document.activeElement.matches?.("a.chip")) { e.preventDefault(); document.activeElement.click(); }
  });

  /* ---- lists: j and k move; the place in a list comes back on return ---- */
  const hits = $$("[data-hit]");
  const placeKey = `at:${location.pathname}${location.search}`;
  let at = -1;
  const move = to => {
    if (!hits.length) return;
    hits[at]?.classList.remove("on");
    at = Math.max(0, Math.min(hits.length - 1, to));
    hits[at].classList.add("on");
    $("a", hits[at])?.focus({ preventScroll: true });
    hits[at].scrollIntoView({ block: "nearest" });
    sessionStorage.setItem(placeKey, String(at));
  };
  if (hits.length) {
    const kept = Number(sessionStorage.getItem(placeKey) ?? -1);
    if (kept >= 0 && performance.getEntriesByType("navigation")[0]?.type === "back_forward") move(kept);
    hits.forEach((hit, i) => hit.addEventListener("click", () => sessionStorage.setItem(placeKey, String(i))));
  }

  /* ---- the way back from a document: the same results, with their filters, order and page ---- */
  const RESULTS = "results";
  const back = $("a.back[data-key=back]");
  if (filters) sessionStorage.setItem(RESULTS, location.pathname + location.search);
  if (back && sessionStorage.getItem(RESULTS)) {
    const kept = new URL(sessionStorage.getItem(RESULTS), location.origin);
    const leads = new URL(back.href);
    const same = kept.pathname === leads.pathname && kept.searchParams.get("q") === leads.searchParams.get("q");
    if (same) back.href = kept.href;
  }

  /* ---- what other scripts of the portal add keys to ---- */
  const portal = window.portal = { say, fill, words, keys: {}, paths: new WeakMap() };
  portal.pathOf = file => portal.paths.get(file) || file.webkitRelativePath || file.name;
  // folders give their files in no order
  portal.ordered = files => [...files].sort((a, b) => portal.pathOf(a).localeCompare(portal.pathOf(b), undefined, { numeric: true }));
  portal.size = bytes => {
    let n = bytes, unit = 0;
    const units = ["B", "KB", "MB", "GB"];
    while (n >= 1024 && unit < 3) { n /= 1024; unit += 1; }
    return `${unit ? n.toFixed(1) : n} ${units[unit]}`;
  };
  // what lies in a dropped folder comes in parts of at most a hundred; each file knows its path
  const inside = async entry => {
    if (entry.isFile) return new Promise(done => { entry.file(file => { portal.paths.set(file, entry.fullPath.slice(1)); done(file); }, () => done([])); });
    const reader = entry.createReader(), found = [];
    for (let part; part?.length !== 0;) {
      part = await new Promise(done => { reader.readEntries(done, () => done([])); });
      found.push(...(await Promise.all(part.map(inside))).flat());
    }
    return found;
  };
  portal.dropped = async e => {
    const entries = [...e.dataTransfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean);
    return portal.ordered((await Promise.all(entries.map(inside))).flat());
  };
  /* a place to drop files at; `zone` says where it is now, as a page may be drawn again */
  portal.dropping = (zone, take) => {
    const holds = e => zone()?.isConnected && [...(e.dataTransfer?.types || [])].includes("Files");
    document.addEventListener("dragover", e => { if (holds(e)) { e.preventDefault(); zone().classList.add("over"); } });
    document.addEventListener("dragleave", e => { if (!e.relatedTarget) zone()?.classList.remove("over"); });
    document.addEventListener("drop", e => {
      if (!holds(e)) return;
      e.preventDefault();
      zone().classList.remove("over");
      portal.dropped(e).then(take);
    });
  };

  /* ---- keys: off while typing, while composing, and when a person turned them off ---- */
  const keysOff = () => localStorage.getItem("keys") === "off";
  const toggle = $("#keys-off");
  if (toggle) {
    toggle.checked = keysOff();
    toggle.addEventListener("change", () => localStorage.setItem("keys", toggle.checked ? "off" : "on"));
  }
  const go = name => { const link = $(`[data-key="${name}"]`); if (link) link.click(); };
  let leader = 0;
  document.addEventListener("keydown", e => {
    if (e.isComposing || composing || e.keyCode === 229 || e.ctrlKey || e.metaKey || e.altKey) return;
    const typing = e.target.matches?.("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");
    if (e.key === "Escape") {
      $$("details.menu[open]").forEach(m => { m.open = false; $("summary", m).focus(); });
      if (typing && !$("dialog[open]")) e.target.blur();
      return;
    }
    // the key that leads to the box is pressed in the box too
    if (e.key === "/" && e.target.id === "q" && !e.target.value && !keysOff()) e.preventDefault();
    if (typing || keysOff() || $("dialog[open]")) return;
    if (leader && Date.now() - leader < 1500) {
      leader = 0;
      const name = { h: "home", s: "search", u: "upload", c: "customers" }[e.key];
      if (name) { e.preventDefault(); go(name); return; }
    }
    const does = {
      "/": () => $("#q")?.focus(),
      "g": () => { leader = Date.now(); },
      "j": () => move(at + 1), "k": () => move(at - 1),
      "f": () => { const d = $("details.fold"); if (d) d.open = true; $("[data-filters] input:not([type=hidden])")?.focus(); },
      "i": () => $("aside.panel")?.focus(),
      "u": () => go("back"),
      "?": () => open($("#keys")),
      ...portal.keys,
    }[e.key];
    if (does) { if (e.key !== "g") e.preventDefault(); does(); }
  });

  /* ---- announcements of uploads: together, at most one in five seconds ---- */
  const news = new Map();
  let told = 0, telling = 0;
  const tellNews = () => {
    telling = 0;
    told = Date.now();
    say([...news].map(([name, state]) => `${name} ${state}`).join("\n"));
    news.clear();
  };
  const announce = row => {
    const state = row && $("[data-state]", row)?.textContent.trim();
    if (!state) return;
    news.set($("[data-name]", row)?.textContent.trim() || "", state);
    telling ||= setTimeout(tellNews, Math.max(0, told + 5000 - Date.now()));
  };

  /* ---- uploads: one request per file with its progress, then the server's own row ---- */
  const upload = $("form[data-upload]");
  const rows = $("#uploads");
  if (upload && rows && window.FormData) {
    const blank = $("#blank-row").content;
    const input = $("input[type=file]", upload);
    const send = $("[data-send]");
    const label = send?.dataset.label, none = send?.lastChild.textContent;
    const waiting = new Map();
    let running = 0;
    $$("[data-script-only]").forEach(n => { n.hidden = false; });
    $$("[data-plain-only]").forEach(n => { n.hidden = true; });

    const readyCount = () => [...waiting.values()].filter(one => !one.sent).length;
    const tell = () => {
      if (!send) return;
      const n = readyCount();
      send.lastChild.textContent = n ? fill(label, { n }) : none;
    };
    const guess = (select, name) => {
      const found = [...select.options].filter(o => o.value && name.toLowerCase().includes(o.text.toLowerCase()))
        .sort((a, b) => b.text.length - a.text.length)[0];
      select.value = found ? found.value : $("[name=kind]", upload).value;
    };
    const mark = (row, words) => {
      const state = $("[data-state]", row);
      state.dataset.first ??= state.textContent;
      state.textContent = words || state.dataset.first;
      row.classList.toggle("st-row-bad", Boolean(words));
      state.className = words ? "bad" : "q";
    };
    const typed = row => { $("[name=kind]", row).removeAttribute("aria-invalid"); mark(row, ""); };
    const add = files => {
      const below = rows.firstElementChild;
      for (const file of files) {
        const row = blank.cloneNode(true).firstElementChild;
        $("[data-name]", row).textContent = file.name;
        $("[data-name]", row).title = file.name;
        $("[data-size]", row).textContent = portal.size(file.size);
        guess($("[name=kind]", row), file.name);
        $("[name=kind]", row).addEventListener("change", () => typed(row));
        $("[data-remove]", row).setAttribute("aria-label", fill(row.dataset.removal, { name: file.name }));
        if (file.size > Number(row.dataset.limit)) mark(row, row.dataset.large);
        else waiting.set(row, { file, sent: false });
        rows.insertBefore(row, below);
      }
      $("#uploads-empty")?.remove();
      tell();
    };
    const remove = row => {
      const near = [row.nextElementSibling, row.previousElementSibling].find(r => r && $("[data-remove]:not([hidden])", r));
      waiting.delete(row);
      row.remove();
      tell();
      (near ? $("[data-remove]", near) : input).focus();
    };
    rows.addEventListener("click", e => {
      const button = e.target.closest("[data-remove]");
      if (button) remove(button.closest("tr"));
    });
    const replace = (row, html) => {
      const part = document.createElement("tbody");
      part.innerHTML = html;
      const fresh = part.firstElementChild;
      const name = fresh && $("[data-name]", fresh);
      if (name && !name.textContent) name.textContent = $("[data-name]", row).textContent;  // refused unread
      if (fresh) row.replaceWith(fresh); else row.remove();
      announce(fresh);
      poll();
    };
    const start = row => {
      const one = waiting.get(row), kind = $("[name=kind]", row), bar = $("progress", row);
      one.sent = true;
      running += 1;
      kind.disabled = true;
      $("[data-remove]", row).hidden = true;
      bar.hidden = false;
      mark(row, "");
      $("[data-state]", row).textContent = row.dataset.sending;
      const data = new FormData();
      data.append("kind", kind.value);
      for (const name of ["grade", "dated"]) {
        const field = $(`[name=${name}]`, row) || $(`[name=${name}]`, upload);
        if (field?.value) data.append(name, field.value);
      }
      data.append("file", one.file);
      const call = new XMLHttpRequest();
      call.open("POST", upload.action);
      call.setRequestHeader("X-CSRFToken", $("[name=csrf_token]", upload).value);
      call.setRequestHeader("X-Part", "row");
      call.upload.addEventListener("progress", e => { if (e.lengthComputable) { bar.max = e.total; bar.value = e.loaded; } });
      call.addEventListener("loadend", () => {
        running -= 1;
        const answered = (call.getResponseHeader("Content-Type") || "").startsWith("text/html") && call.responseText.trimStart().startsWith("<tr");
        const later = call.status === 429 || call.status === 503;  // the row stays, to be sent again
        if (answered && !later) { waiting.delete(row); replace(row, call.responseText); } else {
          one.sent = false;
          kind.disabled = false;
          bar.hidden = true;
          $("[data-remove]", row).hidden = false;
          const { lost, ended, old, failed } = row.dataset;
          mark(row, { 0: lost, 401: ended, 400: old }[call.status] ?? failed);
          announce(row);
        }
        tell();
        next();
      });
      call.send(data);
    };
    const next = () => {
      for (const [row, one] of waiting) {
        if (running >= 2) return;
        if (one.go && !one.sent) { one.go = false; start(row); }
      }
    };
    const begin = () => {
      const imports = upload.dataset.imports && portal.imports && readyCount() > 1;
      let first = null;
      for (const [row, one] of waiting) {
        const kind = $("[name=kind]", row), missing = !kind.value;
        if (one.sent) continue;
        one.go = !missing && !imports;
        if (missing) { kind.setAttribute("aria-invalid", "true"); mark(row, row.dataset.untyped); announce(row); first = first || kind; }
      }
      first?.focus();
      if (!imports) next(); else if (!first) together();  // what was chosen together is one import, or waits
    };
    // several files are an import: announced first, then sent to its own page one by one
    const together = async () => {
      const going = [...waiting].filter(([, one]) => !one.sent);
      const value = (row, name) => ($(`[name=${name}]`, row) || $(`[name=${name}]`, upload))?.value || "";
      for (const [row, one] of going) { one.sent = true; one.go = false; mark(row, ""); }
      tell();
      let status = 0, answer = "";
      try {
        const made = await fetch(upload.dataset.imports, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRFToken": $("[name=csrf_token]", upload).value, "X-Part": "row" },
          body: JSON.stringify(going.map(([row, { file }]) => ({
            file: portal.pathOf(file), size: file.size, kind: value(row, "kind"), grade: value(row, "grade"), dated: value(row, "dated"),
          }))),
        });
        status = made.status;
        answer = await made.text();
      } catch { /* the network is away: the rows say so */ }
      if (status === 201) {
        waiting.clear();
        portal.imports(JSON.parse(answer).place, going.map(([, one]) => one.file));
        return;
      }
      const part = document.createElement("tbody");
      part.innerHTML = answer.trimStart().startsWith("<tr") ? answer : "";
      const said = $("[data-state]", part)?.textContent.trim();
      for (const [row, one] of going) {
        one.sent = false;
        const { lost, ended, old, failed } = row.dataset;
        mark(row, said || ({ 0: lost, 401: ended, 400: old }[status] ?? failed));
      }
      announce(going[0][0]);
      tell();
    };
    $("[name=kind]", upload).addEventListener("change", e => {
      for (const [row, one] of waiting) {
        const kind = $("[name=kind]", row);
        if (!one.sent && !kind.value && e.target.value) { kind.value = e.target.value; typed(row); }
      }
    });
    input.addEventListener("change", () => { add(input.files); input.value = ""; });
    $("#folder")?.addEventListener("change", e => { add(portal.ordered(e.target.files)); e.target.value = ""; });
    send?.addEventListener("click", e => { e.preventDefault(); if (readyCount()) begin(); else input.click(); });
    upload.addEventListener("submit", e => e.preventDefault());
    const zone = $(".drop");
    portal.dropping(() => zone, add);
    window.addEventListener("beforeunload", e => { if (running || readyCount()) e.preventDefault(); });
    tell();
  }

  /* ---- states: rows that wait ask now and then what became of them ---- */
  let timer = 0, pause = 1200;
  const ask = async () => {
    const open_rows = $$("[data-wait]", rows);
    if (!open_rows.length || document.hidden) { timer = 0; return; }
    const asked = new URLSearchParams(open_rows.map(r => ["document", r.dataset.wait]));
    let changed = false;
    try {
      const answer = await fetch(`${rows.dataset.states}?${asked}`, { headers: { "X-Part": "row" } });
      if (!answer.ok || answer.redirected) { timer = 0; return; }
      const part = document.createElement("tbody");
      part.innerHTML = await answer.text();
      for (const fresh of [...part.children]) {
        const old = document.getElementById(fresh.id);
        if (old && old.dataset.stage !== fresh.dataset.stage) { old.replaceWith(fresh); changed = true; announce(fresh); }
      }
    } catch { /* the network is away: ask again later */ }
    pause = changed ? 1200 : Math.min(15000, pause * 1.5);
    timer = setTimeout(ask, pause);
  };
  function poll() { if (rows && !timer) { pause = 1200; timer = setTimeout(ask, pause); } }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  poll();

  /* ---- leaving a page with a toast ---- */
  const toast = $(".toast-x");
  if (toast) {
    setTimeout(() => say(toast.textContent.trim()), 100);  // what a page begins with is not read out
    let left = setTimeout(() => toast.remove(), 6000);
    for (const begun of ["pointerenter", "focusin"]) toast.addEventListener(begun, () => clearTimeout(left));
    for (const ended of ["pointerleave", "focusout"]) toast.addEventListener(ended, () => { clearTimeout(left); left = setTimeout(() => toast.remove(), 3000); });
  }
})();
