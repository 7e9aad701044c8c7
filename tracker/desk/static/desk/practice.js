"use strict";
/* Practice: every decision is compared with the editor's and forgotten. Nothing is claimed, kept or sent elsewhere. */
(() => {
  const Desk = window.Desk;
  const answer = document.getElementById("answer");

  Desk.send = (form) => {
    Desk.post(Desk.config.practice, form)
      .then((response) => response.text())
      .then((html) => {
        answer.innerHTML = html;
        document.getElementById("practised-head").focus();
        scrollTo(0, 0);
      })
      .catch(() => Desk.notice(Desk.texts.offline, null));
    return true;
  };
  Desk.hold = () => {};

  document.addEventListener("keydown", (event) => {
    const next = answer.querySelector("[data-next]");
    if (next && event.key === Desk.config.keys.next && !event.target.closest("input, textarea")) next.click();
  });
})();
