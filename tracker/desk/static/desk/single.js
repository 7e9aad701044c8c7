"use strict";
/* Pages where one key does one thing: what carries `data-key` is pressed by that key, unless somebody is typing. */
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=hidden]), textarea, select, [contenteditable]");
  if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  wanted.click();
});
