/* An import: its files are sent two at a time, and the page goes on where it stopped. All words come from the page. */
"use strict";
(() => {
  const { say, fill, size, pathOf, dropping } = window.portal;
  const $ = (s, root = document) => root.querySelector(s);
  const $$ = (s, root = document) => [...root.querySelectorAll(s)];
  const AT_ONCE = 2, SOON = 1200, LATE = 15000;
  const chosen = new Set();      // files that somebody chose or dropped
  const flying = new Map();      // number of a file → bytes of it that are still to be sent
  let page = null, queue = [], running = 0, paused = false, waits = 0;
  let timer = 0, pause = SOON, begun = null, odd = "";

  const tell = text => {
    const line = page && $("[data-told]", page);
    if (line) line.textContent = text;
    say(text);
  };
  const parsed = html => new DOMParser().parseFromString(html, "text/html");
  const rowOf = n => document.getElementById(`i-${n}`);

  /* ---- which of the chosen files are expected: by path and bytes; by the end of the path if it fits one alone.
     Files that are here already count too: the same name may stand in another folder. ---- */
  const base = path => path.slice(path.lastIndexOf("/") + 1);
  const expected = async () => {
    const answer = await fetch(`${page.dataset.batch}/left`);
    return answer.ok ? answer.json() : [];
  };
  const match = (known, files) => {
    const alike = new Map(), found = [], taken = new Set();
    const key = (path, bytes) => `${base(path)}\n${bytes}`;
    for (const one of known) alike.set(key(one.file, one.size), [...(alike.get(key(one.file, one.size)) || []), one]);
    let others = 0;
    for (const file of files) {
      const path = pathOf(file).normalize("NFC"), near = alike.get(key(path, file.size)) || [];
      const ends = near.filter(({ file: at }) => `/${at}`.endsWith(`/${path}`) || `/${path}`.endsWith(`/${at}`));
      const one = near.find(({ file: at }) => at === path) || (ends.length === 1 ? ends[0] : null);
      if (!one) others += 1;
      else if (one.left && !taken.has(one.n)) { taken.add(one.n); found.push({ ...one, bytes: file }); }
    }
    return { found, others };
  };
  const take = async files => {
    for (const file of files) chosen.add(file);
    let known_files;
    try { known_files = await expected(); } catch { tell(page.dataset.lost); return; }
    const { found, others } = match(known_files, files);
    const known = new Set([...queue.map(one => one.n), ...flying.keys()]);
    queue.push(...found.filter(one => !known.has(one.n)));
    if (!found.length) tell(page.dataset.none);
    else if (others) tell(odd = fill(page.dataset.unknown, { n: others }));
    begun = null;
    pump();
    remaining();
    poll();
  };

  /* ---- sending ---- */
  const later = seconds => {
    paused = true;
    clearTimeout(waits);
    waits = setTimeout(() => { waits = 0; paused = $("#sums")?.dataset.state === "stopped"; pump(); }, seconds * 1000);
  };
  const send = one => {
    const line = $("[data-told]", page);
    if (line && line.textContent !== odd) line.textContent = page.dataset.busy;
    running += 1;
    flying.set(one.n, one.size);
    const row = rowOf(one.n), bar = row && $("progress", row);
    if (row) { $("[data-state]", row).textContent = page.dataset.sending; bar.hidden = false; }
    const data = new FormData();
    data.append("file", one.bytes, base(one.file));
    const call = new XMLHttpRequest();
    call.open("POST", `${page.dataset.batch}/items/${one.n}`);
    call.setRequestHeader("X-CSRFToken", page.dataset.token);
    call.setRequestHeader("X-Part", "row");
    call.upload.addEventListener("progress", e => {
      flying.set(one.n, Math.max(0, one.size - e.loaded));
      if (bar && e.lengthComputable) { bar.max = e.total; bar.value = e.loaded; }
      remaining();
    });
    call.addEventListener("loadend", () => {
      running -= 1;
      flying.delete(one.n);
      const { status } = call;
      if (status === 200) replace(call.responseText);
      else if (status === 0 || status === 429 || status === 503) {
        queue.unshift(one);
        if (!status) tell(page.dataset.lost);
        later(Number(call.getResponseHeader("Retry-After")) || 3);
      } else if (status === 409) { queue.unshift(one); paused = true; redraw(); }
      else if (status === 401 || status === 400) { queue.unshift(one); paused = true; tell(page.dataset.ended); }
      else redraw();
      remaining();
      pump();
      if (!running && !queue.length) { say(page.dataset.done); redraw(); }
    });
    call.send(data);
  };
  const pump = () => {
    while (page && !paused && running < AT_ONCE && queue.length) send(queue.shift());
  };
  window.addEventListener("beforeunload", e => { if (running || queue.length) e.preventDefault(); });

  /* ---- how long it will take: by what became less since it began ---- */
  const remaining = () => {
    const sums = $("#sums"), line = $("#remaining");
    if (!sums || !line) return;
    const sending = running || queue.length;
    const mine = [...flying.values(), ...queue.map(one => one.size)].reduce((a, b) => a + b, 0);
    const left = sending ? mine : Number(sums.dataset.leftBytes);
    const now = performance.now();
    if (!begun || begun.left < left) begun = { now, left };
    const rate = (begun.left - left) / ((now - begun.now) / 1000);
    const moves = sums.dataset.state === "running" || (sending && !paused);
    if (!moves || !(rate > 0) || now - begun.now < 1000) { line.textContent = ""; return; }
    const seconds = Math.ceil(left / rate);
    line.textContent = fill(page.dataset.remaining, { m: Math.floor(seconds / 60), s: seconds % 60, rate: size(Math.round(rate)) });
  };

  /* ---- the page: rows and sums as the server has them ---- */
  const replace = html => {
    const part = document.createElement("tbody");
    part.innerHTML = html;
    let changed = false;
    for (const fresh of [...part.children]) {
      const old = document.getElementById(fresh.id);
      if (old && (old.dataset.stage !== fresh.dataset.stage || !$("progress", old).hidden)) {
        if (old.contains(document.activeElement) || flying.has(Number(old.dataset.n))) continue;
        old.replaceWith(fresh);
        changed = true;
      }
    }
    plain();
    return changed;
  };
  const plain = () => {
    $$("[data-script-only]", page).forEach(n => { n.hidden = false; });
    $$("[data-plain-only]", page).forEach(n => { n.hidden = true; });
  };
  const looking = () => $("[data-looking]", page);
  const ask = async () => {
    timer = 0;
    if (!page || document.hidden) return;
    const sums = $("#sums"), was = sums.dataset.state;
    const open = $$("#items tr[data-wait],#items tr[data-stage^=expected]").map(row => ["n", row.dataset.n]);
    let changed = false;
    try {
      const [fresh, rows] = await Promise.all([
        fetch(`${page.dataset.batch}/sums`),
        open.length ? fetch(`${page.dataset.batch}/rows?${new URLSearchParams(open)}`) : null,
      ]);
      if (!fresh.ok || fresh.redirected) return;
      const made = $("#sums", parsed(await fresh.text()));
      changed = made.outerHTML.length !== sums.outerHTML.length || made.dataset.left !== sums.dataset.left;
      const line = $("#remaining").textContent;
      sums.replaceWith(made);
      $("#remaining").textContent = line;
      if (rows?.ok) changed = replace(await rows.text()) || changed;
      if (made.dataset.state !== was || looking()) await redraw();
      remaining();
    } catch { /* the network is away: ask again later */ }
    pause = changed || running ? SOON : Math.min(LATE, pause * 1.5);
    if ("going" in $("#sums").dataset || running || looking()) timer ||= setTimeout(ask, pause);
  };
  const poll = () => { if (page && !timer) { pause = SOON; timer = setTimeout(ask, pause); } };
  const swap = html => {
    const fresh = $("[data-batch]", parsed(html));
    if (!fresh) return false;
    const focus = document.activeElement?.closest("[data-batch] form")?.getAttribute("action");
    page.replaceWith(fresh);
    hook();
    if (focus) ($(`form[action="${focus}"] button`, page) || $("#main")).focus();
    return true;
  };
  const redraw = async () => {
    try {
      const answer = await fetch(location.href);
      if (answer.ok && !answer.redirected) swap(await answer.text());
    } catch { /* the network is away: the page stays as it is */ }
  };
  const hook = () => {
    page = $("[data-batch]");
    if (!page) return;
    plain();
    const sums = $("#sums");
    if (!waits) paused = false;
    if (sums.dataset.state === "stopped") paused = true;
    const form = $("form[data-more]", page);
    if (form) {
      $$("input[type=file]", form).forEach(input => input.addEventListener("change", () => { take([...input.files]); input.value = ""; }));
    }
    page.addEventListener("change", e => { if (e.target.matches("select[data-now]")) e.target.form.requestSubmit(); });
    page.addEventListener("submit", async e => {
      e.preventDefault();
      const sent = e.target;
      if (sent.dataset.busy || sent.matches("[data-more]")) return;
      sent.dataset.busy = "1";
      try {
        const answer = await fetch(sent.action, { method: "POST", body: new FormData(sent) });
        if (!answer.ok && swap(await answer.text())) say($(".note", page)?.textContent.trim());
        else await redraw();
        const files = [...chosen];
        if (files.length) again(files); else poll();
      } catch { tell(page.dataset.lost); delete sent.dataset.busy; }
    });
    pump();
    poll();
  };
  // after begin, stop and retry: what is expected and was chosen before goes, or goes once more
  const again = async files => {
    if ($("#sums").dataset.state === "preparing") { poll(); return; }
    const { found } = match(await expected(), files);
    const known = new Set([...queue.map(one => one.n), ...flying.keys()]);
    queue.push(...found.filter(one => !known.has(one.n)));
    pump();
    poll();
  };
  dropping(() => page && $("form[data-more] .drop", page), take);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });

  /* ---- an import that is made on a page that has its files becomes that page; they go now, or once it has begun ---- */
  window.portal.imports = async (place, files, later = false) => {
    const answer = await fetch(place);
    const made = parsed(await answer.text());
    $("#main").replaceChildren(...$("#main", made).childNodes);
    document.title = made.title;
    history.pushState({}, "", place);
    window.addEventListener("popstate", () => location.reload());
    hook();
    $("#main").focus();
    if (later) for (const file of files) chosen.add(file);
    else take(files);
  };
  hook();
})();
