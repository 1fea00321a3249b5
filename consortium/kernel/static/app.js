// A table wider than its page scrolls by itself; then the keyboard must be able to reach it.
"use strict";
const reach = () => {
  for (const box of document.querySelectorAll("main table, main pre")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
reach();
addEventListener("resize", reach);
addEventListener("htmx:afterSwap", reach);
