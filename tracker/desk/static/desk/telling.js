"use strict";
/* What the desk tells the analyst: refusals that stay until closed, a word after each deed, effects on the scores. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  let timer = 0;
  let previewTimer = 0;

  Desk.item = () => document.getElementById("item");
  Desk.changes = () => JSON.parse(Desk.item().dataset.changes || "{}");

  /* Without `event` (an event's id, or null) it is about the coding at hand, and goes with it. */
  function notice(text, event) {
    const place = document.getElementById("notices");
    const line = document.createElement("p");
    line.className = "notice warn";
    line.dataset.text = text;
    if (event === undefined) line.dataset.passing = "";
    line.append(text);
    // The same refusal again is one notice, and the newest.
    [...place.children].filter((old) => old.dataset.text === text).forEach((old) => old.remove());
    if (event) line.append(" ", button(Desk.texts.look, () => (line.remove(), Desk.show(event, { fresh: true }))));
    line.append(" ", button(Desk.texts.close, () => line.remove()));
    [...place.children].slice(0, -2).forEach((old) => old.remove());
    place.append(line);
  }

  const gone = () => document.querySelectorAll("#notices [data-passing]").forEach((line) => line.remove());

  function toast(text, act) {
    const place = document.getElementById("toast");
    place.textContent = text;
    if (act) place.append(" ", button(`${Desk.texts.undo} (${Desk.config.keys.undo})`, act));
    place.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => (place.hidden = true), 10000);
  }

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  /* What a deed would do to the scores, written into `place` before it is done; or why it would be refused. */
  const asking = new WeakMap(); // the last question of each place: an open question and the panel ask side by side
  async function foretell(place, action, more) {
    if ("practice" in body.dataset) return;
    const mine = {};
    asking.set(place, mine);
    const item = Desk.item();
    let answer = null;
    try {
      const response = await Desk.post(Desk.url("preview"), { event: item.dataset.event, ...more, action });
      answer = await response.json();
    } catch {
      return void (place.textContent = "");
    }
    if (mine !== asking.get(place) || item !== Desk.item()) return;
    const { effects = [], refused, error } = answer;
    place.textContent = error || refused || (effects.length ? "" : Desk.texts.none);
    for (const each of effects) {
      const line = document.createElement("span");
      line.className = `effect ${each.class}`;
      line.textContent = `${each.name} ${each.before} → ${each.after}`;
      place.append(line, " ");
    }
  }

  function preview(wait = 250) {
    clearTimeout(previewTimer);
    previewTimer = setTimeout(async () => {
      const item = Desk.item();
      const place = document.getElementById("effects");
      if (!item || !place || body.dataset.coding || !("decides" in body.dataset)) return;
      const { unfinished, ...coded } = Desk.coding.read();
      if (unfinished || !coded.assessments.length) return void (place.textContent = "");
      const wanted = { ...coded, ...Desk.changes() };
      if ("onRecord" in item.dataset) await foretell(place, "edit", { changes: wanted });
      else if ("open" in item.dataset) await foretell(place, "accept", wanted);
    }, wait);
  }
  /* A coding that was begun survives a reload and a closed window; a decision, or somebody else's, ends it. */
  const DRAFTS = `desk-draft-${body.dataset.user}-`;
  const DAYS = 7 * 86400000;
  const draftOf = (item) => `${DRAFTS}${item.dataset.event}-${item.dataset.version}`;
  const coding = () => body.dataset.coding || "";
  function keepDraft() {
    const item = Desk.item();
    if (!item || !document.getElementById("panel") || !("decides" in body.dataset)) return;
    const draft = { at: Date.now(), coding: Desk.coding.read(), changes: Desk.changes() };
    localStorage.setItem(draftOf(item) + coding(), JSON.stringify(draft));
  }
  function takeDraft() {
    const item = Desk.item();
    const kept = item && localStorage.getItem(draftOf(item) + coding());
    if (!kept || !document.getElementById("panel")) return;
    const draft = JSON.parse(kept);
    if (Object.keys(draft.changes).length) {
      item.dataset.changes = JSON.stringify(draft.changes);
      titled(draft.changes);
    }
    Desk.coding.put(draft.coding);
  }
  const forgetDraft = () => Desk.item() && localStorage.removeItem(draftOf(Desk.item()) + coding());
  function titled(changes) {
    document.getElementById("item-title").textContent = changes.title || changes.title_zh;
  }
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(DRAFTS) && Date.now() - JSON.parse(localStorage.getItem(name)).at > DAYS) localStorage.removeItem(name);
  }

  document.addEventListener("desk:changed", () => {
    keepDraft();
    preview();
  });
  Object.assign(Desk, { notice, gone, toast, foretell, preview, takeDraft, forgetDraft, titled });
})();
