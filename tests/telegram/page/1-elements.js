// What everything else is made of: elements, icons, the way to the server, and words that pop up.

const $ = (id) => document.getElementById(id);

// Makes an element. What people wrote gets in as text only, never as markup.
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  made.append(use);
  return made;
}

// Somebody's round picture: the first letter, on a colour that follows from the name.
function face(name) {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const made = el("span", { class: "mark face", "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
  made.style.setProperty("--hue", hue);
  return made;
}

// Asks the server's people's side; throws what it says if it cannot.
async function ask(verb, params = {}, signal = undefined) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(params), signal };
  const answer = await (await fetch(`/control/${verb}`, options)).json();
  if ("error" in answer) throw new Refused(answer.error);
  return answer.result;
}

class Refused extends Error {}

async function fetched(id, type) {
  const answer = await fetch(`/control/file/${encodeURIComponent(id)}`);
  return new Blob([await answer.arrayBuffer()], { type });
}

function toast(text) {
  const shown = el("div", { class: "toast" }, text);
  $("toasts").append(shown);
  setTimeout(() => shown.remove(), 2200 + 45 * text.length);
}

async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast("Copied");
}

// Does what a person asked for, and says so if it cannot be done.
async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error instanceof Refused ? error.message : "The server cannot be reached.");
    return undefined;
  }
}

// A dialog; resolves with the form's values, or null.
function dialog(title, fields, done = "OK") {
  const form = el("form", { method: "dialog" });
  if (title) form.append(el("h3", {}, title));
  form.append(...fields);
  const buttons = el("div", { class: "buttons" });
  if (done !== "OK") buttons.append(el("button", { class: "plain", type: "button", onclick: () => $("dialog").close("") }, "Cancel"));
  buttons.append(el("button", { class: "solid", value: "done" }, done));
  form.append(buttons);
  return opened(form, "", () => new FormData(form));
}

function opened(content, style, value) {
  const shown = $("dialog");
  shown.className = style;
  shown.returnValue = "";
  shown.replaceChildren(content);
  shown.showModal();
  return new Promise((resolve) => {
    shown.onclick = (event) => { if (event.target === shown || style === "picture") shown.close(""); };
    shown.onclose = () => resolve(shown.returnValue ? value() : null);
  });
}

function field(label, name, more = {}) {
  return el("label", {}, label, el("input", { name, required: true, autocomplete: "off", maxlength: 60, ...more }));
}

// A menu beside a button; entries are [label, action] or elements.
function menu(beside, entries) {
  const shown = $("menu");
  const close = () => shown.hidePopover();
  shown.replaceChildren(...entries.map((entry) => Array.isArray(entry)
    ? el("button", { type: "button", role: "menuitem", onclick: () => { close(); entry[1](); } }, entry[0]) : entry));
  shown.showPopover();
  const place = beside.getBoundingClientRect();
  const { width, height } = shown.getBoundingClientRect();
  shown.style.left = `${Math.max(8, Math.min(place.left, innerWidth - width - 8))}px`;
  shown.style.top = `${place.bottom + height + 8 > innerHeight ? Math.max(8, place.top - height - 4) : place.bottom + 4}px`;
  shown.querySelector("button")?.focus();
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const length = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function size(bytes) {
  const units = ["bytes", "KB", "MB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < 2; unit += 1) bytes /= 1024;
  return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}
