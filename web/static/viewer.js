/* The page of a document: images of pages, hits one after the other, zoom, text layer. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const { say, fill, words: said, keys } = window.portal;
  const read = $(".read");
  if (!read) return;
  const images = $$(".sheet.image", read);

  /* ---- hits: where they stand on the page, or else in its text ---- */
  const where = $("#hit-no");
  const numbers = [...new Set($$("[id^=hit-]", read).map(n => Number(n.id.slice(4))).concat(
    $$("mark[id^=text-]", read).map(n => Number(n.id.slice(5)))))].filter(Boolean).sort((a, b) => a - b);
  const places = no => $$(`[data-no="${no}"],mark[id="hit-${no}"],mark[id="text-${no}"]`, read);
  let at = numbers.indexOf(Number(location.hash.replace(/^#hit-/, "")));
  const show = (wrapped, quietly) => {
    const no = numbers[at];
    $$(".on", read).forEach(n => n.classList.remove("on"));
    const found = places(no);
    found.forEach(n => n.classList.add("on"));
    const sheet = found[0]?.closest(".sheet");
    const target = found.find(n => n.getClientRects().length) || (sheet && $(".note-info", sheet)) || sheet;
    target?.scrollIntoView({ block: "center", inline: "nearest" });
    if (where) where.textContent = String(at + 1);
    if (!quietly) say(fill(said.hitOf || "", { n: at + 1, of: numbers.length }) + (wrapped ? ` ${said.wrapped || ""}` : ""));
  };
  const jump = step => {
    if (!numbers.length) return;
    const next = at + step;
    at = (next + numbers.length) % numbers.length;
    show(next !== at);
  };
  $$("[data-jump]").forEach(b => b.addEventListener("click", e => { e.preventDefault(); jump(Number(b.dataset.jump)); }));
  read.addEventListener("click", e => {
    const box = e.target.closest("a.box");
    if (!box) return;
    e.preventDefault();
    at = numbers.indexOf(Number(box.dataset.no));
    history.replaceState(null, "", `#hit-${box.dataset.no}`);
    show(false);
  });

  /* ---- pages ---- */
  const sheets = $$(".sheet", read);
  const links = new Map($$(".strip a,.leaves a").map(a => [a.getAttribute("href").slice(1), a]));
  const now = () => {
    const top = read.getBoundingClientRect().top + Math.min(120, read.clientHeight / 3);
    const found = sheets.findLastIndex(s => s.getBoundingClientRect().top <= top);
    return Math.max(0, found);
  };
  const turn = step => sheets[Math.max(0, Math.min(sheets.length - 1, now() + step))]?.scrollIntoView();
  let asked = 0;
  const mark = () => {
    asked = 0;
    const current = sheets[now()]?.id;
    for (const [id, link] of links) {
      if (id !== current) { link.removeAttribute("aria-current"); continue; }
      if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        const strip = link.parentElement;
        strip.scrollTo({ top: link.offsetTop - strip.clientHeight / 2, left: link.offsetLeft - strip.clientWidth / 2 });
      }
    }
  };
  const soon = () => { asked ||= requestAnimationFrame(mark); };
  read.addEventListener("scroll", soon, { passive: true });
  document.addEventListener("scroll", soon, { passive: true });

  /* ---- images that are still being made ---- */
  const HITS = "data-hits";
  const place = async (paper, pause = 250) => {
    const from = paper.getAttribute(HITS);
    if (!from) return;
    const answer = await fetch(from);
    if (answer.status === 202 && pause < 20000) setTimeout(() => place(paper, pause * 1.4), pause);
    if (answer.status !== 200) return;
    paper.removeAttribute(HITS);
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    for (const box of $$("a.box[id]", part.content)) {
      const text = $(`mark[id="${box.id}"]`, read);
      if (text) text.id = `text-${box.dataset.no}`;
    }
    $("img", paper).after(part.content);
  };
  const wait = async (img, pause) => {
    const sheet = img.closest(".sheet"), paper = img.closest(".paper");
    if (!img.dataset.from) img.dataset.from = img.src;
    const words = paper && $(".making", paper);
    if (words) { sheet.classList.add("waits"); words.hidden = false; }
    let status = 0;
    try { status = (await fetch(img.dataset.from)).status; } catch { /* the network is away */ }
    if (status === 202 && pause < 20000) { setTimeout(() => wait(img, pause * 1.4), pause); return; }
    if (status !== 200) { if (words) words.textContent = words.dataset.failed; return; }
    img.addEventListener("load", () => {
      if (!sheet || !paper) return;
      sheet.classList.remove("waits");
      words.hidden = true;
      place(paper);
      if (numbers.length && sheet.contains(places(numbers[at])[0] || null)) show(false, true);
    }, { once: true });
    img.src = `${img.dataset.from}&made=1`;
  };
  for (const img of $$(".paper img,.strip img")) {
    const failed = () => { if (!img.dataset.from) wait(img, 250); };
    img.addEventListener("error", failed);
    img.addEventListener("load", () => { const paper = img.closest(".paper"); if (paper) place(paper); }, { once: true });
    if (img.complete && img.naturalWidth === 0) failed();
  }

  /* ---- zoom and text layer ---- */
  if (images.length) {
    const STEPS = [25, 33, 50, 67, 84, 100, 125, 150, 200, 300];
    const shown = $("#zoom"), tool = $(".tool");
    const base = () => Number($("img[width]", read)?.getAttribute("width")) || 794;
    const fit = () => Math.round(($(".paper", images[0])?.clientWidth || base()) / base() * 100);
    let zoom = 0;
    const draw = () => {
      read.style.setProperty("--paper", zoom ? `${Math.round(base() * zoom / 100)}px` : "");
      if (shown) shown.textContent = `${zoom || fit()}%`;
    };
    const change = step => {
      const from = zoom || fit();
      if (!step) zoom = 0;
      else zoom = (step > 0 ? STEPS.find(s => s > from) : STEPS.findLast(s => s < from)) || from;
      const current = sheets[now()];
      draw();
      if (numbers.length && at >= 0 && current?.contains(places(numbers[at])[0])) show(false, true); else current?.scrollIntoView();
    };
    const texts = $("[data-texts]");
    const layer = () => {
      const on = read.classList.toggle("texts");
      texts?.setAttribute("aria-pressed", String(on));
      draw();
      if (at >= 0 && numbers.length) show(false, true);
    };
    read.classList.add("images");
    if (tool) tool.hidden = false;
    $$("[data-zoom]").forEach(b => b.addEventListener("click", () => change(Number(b.dataset.zoom))));
    texts?.addEventListener("click", layer);
    window.addEventListener("resize", draw);
    draw();
    Object.assign(keys, { "+": () => change(1), "=": () => change(1), "-": () => change(-1), "0": () => change(0), "t": layer });
  }

  Object.assign(keys, { "n": () => jump(1), "p": () => jump(-1), "]": () => turn(1), "[": () => turn(-1) });
  if (at >= 0) show(false); else if (numbers.length && !location.hash && innerWidth >= 992) jump(1);
  mark();
})();
