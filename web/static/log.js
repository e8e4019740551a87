/* A form that goes on by itself, until it is stopped: the next piece of looking for words in sealed
   content, and what waited for the password. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-go-on]");
  if (!form) return;
  let stopped = false;
  document.addEventListener("keydown", e => { if (e.key === "Escape") stopped = true; });
  setTimeout(() => { if (!stopped) form.requestSubmit(); }, 300);
})();
