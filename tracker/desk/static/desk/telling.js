"use strict";
/* What the desk tells the analyst: refusals that stay until closed, a word after each deed, effects on the scores. */
(() => {
  const Desk = window.Desk;
  const { body } = document;
  let timer = 0;
  let previewTimer = 0;

  Desk.item = () => document.getElementById("item");
  Desk.changes = () => JSON.parse(Desk.item().dataset.changes || "{}");

  function notice(text, event) {
    const place = document.getElementById("notices");
    const line = document.createElement("p");
    line.className = "notice warn";
    line.append(text);
    if (event) line.append(" ", button(Desk.texts.look, () => (line.remove(), Desk.show(event, { fresh: true }))));
    line.append(" ", button(Desk.texts.close, () => line.remove()));
    [...place.children].slice(0, -2).forEach((old) => old.remove());
    place.append(line);
  }

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
  let asking = 0;
  async function foretell(place, action, more) {
    const mine = (asking += 1);
    const item = Desk.item();
    let answer = null;
    try {
      const response = await Desk.post(Desk.url("preview"), { event: item.dataset.event, ...more, action });
      answer = await response.json();
    } catch {
      return void (place.textContent = "");
    }
    if (mine !== asking || item !== Desk.item()) return;
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
      const { unfinished, ...coding } = Desk.coding.read();
      if (unfinished || !coding.assessments.length) return void (place.textContent = "");
      const wanted = { ...coding, ...Desk.changes() };
      if ("onRecord" in item.dataset) await foretell(place, "edit", { changes: wanted });
      else if ("open" in item.dataset) await foretell(place, "accept", wanted);
    }, wait);
  }
  /* A coding that was begun survives a reload; a decision, or somebody else's, ends it. */
  const draftOf = (item) => `desk-draft-${item.dataset.event}-${item.dataset.version}`;
  function keepDraft() {
    const item = Desk.item();
    if (item && document.getElementById("panel")) sessionStorage.setItem(draftOf(item), JSON.stringify(Desk.coding.read()));
  }
  function takeDraft() {
    const draft = Desk.item() && sessionStorage.getItem(draftOf(Desk.item()));
    if (draft && document.getElementById("panel")) Desk.coding.put(JSON.parse(draft));
  }
  const forgetDraft = () => Desk.item() && sessionStorage.removeItem(draftOf(Desk.item()));

  document.addEventListener("desk:changed", () => {
    keepDraft();
    preview();
  });
  Object.assign(Desk, { notice, toast, foretell, preview, takeDraft, forgetDraft });
})();
