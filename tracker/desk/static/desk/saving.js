"use strict";
/* The outbox: decisions leave in the order in which they were taken, one at a time, and each stays in the browser's
   storage until the server has answered. A lost connection, an ended session, a reload or a closed tab loses none. */
(() => {
  const body = document.body;
  const config = JSON.parse(body.dataset.config);
  const cookie = (name) =>
    (document.cookie.split("; ").find((each) => each.startsWith(`${name}=`)) || "").slice(name.length + 1);
  /* Who asks, from which page; and the token of the session as it is now: signing in elsewhere made a new one. */
  const headers = () => ({
    "X-CSRFToken": cookie(config.csrf) || body.dataset.csrf,
    "X-Desk-User": body.dataset.user,
    "X-Desk-Page": body.dataset.page || "",
  });

  const Desk = (window.Desk = {
    config,
    texts: document.getElementById("texts").dataset,
    url: (name, event) => config.urls[name].replace("EVENT", encodeURIComponent(event || "")),
    token: () =>
      crypto.randomUUID
        ? crypto.randomUUID()
        : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
            (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16)),
    get: (url) => reached(fetch(url, { credentials: "same-origin", headers: headers() })),
    post: (url, form, { more = {}, ...options } = {}) =>
      reached(fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", ...headers(), ...more },
        body: JSON.stringify(form || {}),
        ...options,
      })),
    tell: (name, detail) => document.dispatchEvent(new CustomEvent(`desk:${name}`, { detail })),
  });

  const PLACE = `desk-outbox-${body.dataset.user}`;
  const status = document.getElementById("saving");
  let pumping = false;
  let trouble = 0;
  let signedOut = "";

  const waiting = () => JSON.parse(localStorage.getItem(PLACE) || "[]");
  const keep = (forms) => localStorage.setItem(PLACE, JSON.stringify(forms));
  const isJson = (response) => (response.headers.get("Content-Type") || "").startsWith("application/json");

  function say(text, state) {
    if (!status) return;
    status.textContent = text;
    status.dataset.state = state;
    if (!signedOut) return;
    const link = document.createElement("a");
    Object.assign(link, { href: `${config.login}?next=${encodeURIComponent(config.urls.desk)}`, target: "_blank" });
    link.textContent = Desk.texts.signIn;
    status.append(" ", link);
  }

  /* Whatever is asked of the server tells whether the session still stands. */
  async function reached(asked) {
    const response = await asked;
    if (response.status === 401) {
      const { error } = isJson(response) ? await response.clone().json() : { error: "" };
      signedOut = error || Desk.texts.signedOut;
      say(told(), "wrong");
    } else if (signedOut && response.ok) {
      signedOut = "";
      say(waiting().length ? Desk.texts.saving : Desk.texts.saved, "fine");
    }
    return response;
  }

  function told() {
    const number = waiting().length;
    return signedOut + (number ? ` ${Desk.texts.keptHere} ${number}` : "");
  }

  /* How many decisions the server has not answered yet: all, or those of one event. */
  Desk.unsent = (event) => waiting().filter((form) => !event || form.event === event).length;

  /* False where a decision of the same item waits already: an item is decided once. */
  Desk.send = (form) => {
    if (form.action !== "undo" && form.event && Desk.unsent(form.event)) return false;
    keep([...waiting(), { token: Desk.token(), ...form }]);
    pump();
    return true;
  };

  /* Take back a decision that has not left yet; whether that was still possible. */
  Desk.takeBack = (token) => {
    const forms = waiting();
    const found = forms.find((form) => form.token === token && !form.tried);
    if (found) keep(forms.filter((form) => form !== found));
    return Boolean(found);
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
      const [form, ...others] = waiting();
      if (!form.tried) keep([{ ...form, tried: true }, ...others]);
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
      const { tried, ...sent } = form;
      void tried;
      const response = await Desk.post(Desk.url("deed"), sent);
      if (response.status === 401) {
        await again(told(), 5000);
        return null;
      }
      if (response.status === 403 && !isJson(response) && !(await renewed())) {
        await again(told(), 5000);
        return null;
      }
      if (response.status >= 500 || response.status === 429 || !isJson(response)) throw new Error(response.status);
      trouble = 0;
      return await response.json();
    } catch {
      await again(`${Desk.texts.offline} ${waiting().length}`, Math.min(15000, 500 * 2 ** trouble));
      return null;
    }
  }

  /* A page's token outlived its session: the desk's own page holds the one that is good now. False where there is no
     session any more, and the login answered instead. */
  async function renewed() {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const found = (await answer.text()).match(/data-csrf="([^"]+)"/);
    if (found) body.dataset.csrf = found[1];
    else signedOut = Desk.texts.signedOut;
    return Boolean(found);
  }

  const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
  const returned = () =>
    new Promise((go) => ["online", "focus"].forEach((name) => addEventListener(name, go, { once: true })));

  async function again(text, milliseconds) {
    trouble += 1;
    say(text, "wrong");
    await Promise.race([pause(milliseconds), returned()]);
  }

  addEventListener("online", pump);
  addEventListener("beforeunload", (event) => {
    if (trouble && waiting().length) event.preventDefault();
  });
  if (waiting().length) addEventListener("DOMContentLoaded", pump);
})();
