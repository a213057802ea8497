// Light or dark as the reader chose it, before anything is drawn. Without it, or without a choice, the system's holds.
"use strict";
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const key = "pmctl-theme";
  try { // a browser may keep nothing for files
    const kept = localStorage.getItem(key);
    if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  } catch { /* the choice holds for this page then */ }
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("button.theme");
    if (!button) return;
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      const asSystem = isDark() === system.matches;
      if (asSystem) delete root.dataset.theme;
      try {
        if (asSystem) localStorage.removeItem(key);
        else localStorage.setItem(key, root.dataset.theme);
      } catch { /* as above */ }
      show();
    });
    system.addEventListener("change", show);
    button.hidden = false;
    show();
  });
})();
