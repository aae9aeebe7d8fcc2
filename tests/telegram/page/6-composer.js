// Where a person writes, chooses commands, sends files and speaks.

let about = null; // the message that is answered or changed: { kind, message }
let offered = []; // commands of this chat
let chosen = 0;
let kind = ""; // of the files that are being chosen

const text = $("text");

function resetComposer() {
  text.value = here.unsent;
  here.unsent = "";
  refer(null);
  $("as").hidden = !here.group;
  $("as").replaceChildren(...here.people.map((person) => el("option", { value: person.id, selected: person.id === here.person }, person.name)));
  $("composer").classList.toggle("silent", !canSpeak);
  fit();
  offerCommands();
  if (matchMedia("(hover: hover)").matches) text.focus();
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
  $("composer").classList.toggle("filled", text.value.trim() !== "");
}

const say = (words) => attempt(() => ask("say", { ...place(), text: words }));

async function submit() {
  const words = text.value.trim();
  if (!words || !here) return;
  const { kind: how, message } = about ?? {};
  const done = await attempt(() => how === "edit"
    ? ask("edit", { ...place(), message: message.message_id, text: words })
    : ask("say", { ...place(), text: words, reply_to: how === "reply" ? message.message_id : 0 }));
  if (!done) return;
  text.value = "";
  refer(null);
  fit();
  showCommands();
}

function refer(how, message) {
  about = how ? { kind: how, message } : null;
  $("about").hidden = !how;
  if (!how) return;
  $("about").firstChild.textContent = `${how === "edit" ? "Edit" : `Reply to ${message.from.first_name}`}: ${summary(message)}`;
  if (how === "edit") text.value = message.text;
  fit();
  text.focus();
}

async function offerCommands() {
  const room = here;
  const found = await ask("menu", place()).catch(() => []);
  if (room === here) offered = found;
}

function matching() {
  const typed = /^\/(\w*)$/.exec(text.value);
  return typed ? offered.filter((one) => one.command.startsWith(typed[1].toLowerCase())) : [];
}

function showCommands() {
  const found = matching();
  chosen = Math.max(0, Math.min(chosen, found.length - 1));
  $("commands").hidden = !found.length;
  $("commands").replaceChildren(...found.map((one, at) => el("button",
    { type: "button", role: "option", tabindex: "-1", "aria-selected": String(at === chosen), onclick: () => pick(one) },
    el("b", {}, `/${one.command}`), el("span", {}, one.description))));
  $("commands").children[chosen]?.scrollIntoView({ block: "nearest" });
}

async function pick(one) {
  text.value = "";
  fit();
  showCommands();
  await say(`/${one.command}`);
}

function pressed(press) {
  const found = matching();
  const { key } = press;
  if (found.length && (key === "ArrowDown" || key === "ArrowUp")) {
    chosen = (chosen + (key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
    showCommands();
  } else if (found.length && key === "Tab") {
    text.value = `/${found[chosen].command} `;
    fit();
    showCommands();
  } else if (key === "Enter" && !press.shiftKey && !press.isComposing) {
    if (found.length) pick(found[chosen]);
    else submit();
  } else if (key === "Escape") {
    if (about?.kind === "edit") text.value = "";
    refer(null);
    if (found.length) text.value = "";
    fit();
    showCommands();
  } else if (key === "ArrowUp" && !text.value) {
    const own = [...here.messages.values()].filter((one) => one.from.id === here.person && one.text && (one.message_thread_id ?? null) === here.thread);
    if (own.length) refer("edit", own.at(-1));
  } else return;
  press.preventDefault();
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

function kindOf(file) {
  if (/^image\/(jpeg|png|webp)$/.test(file.type)) return "photo";
  return /^audio\/ogg/.test(file.type) ? "voice" : "document";
}

async function sendFiles(files, as = "") {
  const caption = text.value.trim();
  for (const [at, file] of [...files].entries()) {
    if (file.size > 50 * 2 ** 20) toast(`${file.name} is larger than 50 MB.`);
    else {
      const sent = { content: await base64(file), name: file.name, media_type: file.type };
      const done = await attempt(() => ask("upload", { ...place(), kind: as || kindOf(file), file: sent, caption: at ? "" : caption }));
      if (done && !at) text.value = "";
    }
  }
  fit();
}

async function speak() {
  let stop = null;
  try {
    stop = await record();
  } catch {
    return toast("The microphone cannot be used. Allow it for this page, then try again.");
  }
  const began = Date.now();
  const show = () => { $("record-time").textContent = length((Date.now() - began) / 1000); };
  const ticking = setInterval(show, 250);
  show();
  $("writing").hidden = true;
  $("recording").hidden = false;
  const end = async (send) => {
    clearInterval(ticking);
    $("writing").hidden = false;
    $("recording").hidden = true;
    const { file, seconds } = await stop();
    if (send) await attempt(async () => ask("upload", { ...place(), kind: "voice", file: { content: await base64(file), media_type: "audio/ogg", seconds } }));
  };
  $("record-cancel").onclick = () => end(false);
  $("record-send").onclick = () => end(true);
  return undefined;
}
