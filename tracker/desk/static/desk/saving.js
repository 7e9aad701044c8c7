"use strict";
/* The outbox: decisions leave in the order in which they were taken, one at a time, and each stays in the browser's
   storage until the server has answered. A lost connection, a reload or a closed tab loses none of them. */
(() => {
  const body = document.body;
  const Desk = (window.Desk = {
    config: JSON.parse(body.dataset.config),
    texts: document.getElementById("texts").dataset,
    url: (name, event) => Desk.config.urls[name].replace("EVENT", encodeURIComponent(event || "")),
    token: () =>
      crypto.randomUUID
        ? crypto.randomUUID()
        : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
            (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16)),
    post: (url, form, options = {}) =>
      fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": body.dataset.csrf },
        body: JSON.stringify(form || {}),
        ...options,
      }),
    tell: (name, detail) => document.dispatchEvent(new CustomEvent(`desk:${name}`, { detail })),
  });

  const PLACE = `desk-outbox-${body.dataset.user}`;
  const status = document.getElementById("saving");
  let pumping = false;
  let trouble = 0;

  const waiting = () => JSON.parse(localStorage.getItem(PLACE) || "[]");
  const keep = (forms) => localStorage.setItem(PLACE, JSON.stringify(forms));
  const say = (text, state) => {
    if (!status) return;
    status.textContent = text;
    status.dataset.state = state;
  };
  const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));

  /* How many decisions the server has not answered yet: all, or those of one event. */
  Desk.unsent = (event) => waiting().filter((form) => !event || form.event === event).length;
  Desk.send = (form) => {
    keep([...waiting(), { token: Desk.token(), ...form }]);
    pump();
  };

  async function pump() {
    if (pumping) return;
    pumping = true;
    try {
      // One tab at a time, so that two tabs of one analyst keep the order too.
      await (navigator.locks ? navigator.locks.request(PLACE, drain) : drain());
    } finally {
      pumping = false;
    }
  }

  async function drain() {
    while (waiting().length) {
      const form = waiting()[0];
      if (!trouble) say(Desk.texts.saving, "busy");
      const answer = await deliver(form);
      if (answer === null) continue;
      keep(waiting().filter((other) => other.token !== form.token));
      Desk.tell(answer.error ? "refused" : "saved", { form, answer });
    }
    say(Desk.texts.saved, "fine");
  }

  /* The server's answer; null when it has to be tried again. */
  async function deliver(form) {
    try {
      await Desk.claimed();
      const response = await Desk.post(Desk.url("deed"), form);
      if (response.status === 401 || (response.redirected && !isJson(response))) {
        await again(Desk.texts.signedOut, 5000);
        return null;
      }
      if (response.status >= 500 || response.status === 429 || !isJson(response)) throw new Error(response.status);
      trouble = 0;
      return await response.json();
    } catch (error) {
      await again(Desk.texts.offline, Math.min(15000, 500 * 2 ** trouble));
      return null;
    }
  }

  async function again(text, milliseconds) {
    trouble += 1;
    say(`${text} ${waiting().length}`, "wrong");
    await Promise.race([pause(milliseconds), new Promise((go) => addEventListener("online", go, { once: true }))]);
  }

  const isJson = (response) => (response.headers.get("Content-Type") || "").startsWith("application/json");

  addEventListener("online", pump);
  addEventListener("beforeunload", (event) => {
    if (trouble && waiting().length) event.preventDefault();
  });
  if (waiting().length) addEventListener("DOMContentLoaded", pump);
})();
