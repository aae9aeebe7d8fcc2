// What a message looks like. `does` has what a person can do with it: says taps reacts options jumps.

const FILES = ["document", "voice", "photo"];

function bubble(message, mine, does) {
  const text = message.text ?? message.caption ?? "";
  const body = el("div", { class: "bubble" });
  if (!mine && message.chat.type !== "private") body.append(name(message.from));
  if (message.reply_to_message) body.append(quote(message.reply_to_message, does));
  for (const kind of FILES) if (kind in message) body.append(attached(kind, message[kind]));
  const meta = el("span", { class: "meta" }, message.edits ? `edited ${clock(message.date)}` : clock(message.date));
  body.append(el("div", { class: "text" }, rich(text, message.entities ?? message.caption_entities ?? [], does.says), meta));
  if (message.reactions) body.append(reactions(message, does));
  const item = el("article", { class: mine ? "item mine" : "item", "data-id": message.message_id }, body);
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length) item.append(keys(message, rows, does));
  const more = el("button", { class: "icon tools", type: "button", title: "More" }, icon("more"));
  more.addEventListener("click", () => does.options(message, more));
  item.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, pre") || String(getSelection())) return;
    event.preventDefault();
    does.options(message, body);
  });
  body.addEventListener("dblclick", (event) => { if (!event.target.closest("a, pre, button")) does.options(message, body); });
  item.append(more);
  return item;
}

function name(from) {
  const made = el("div", { class: "name" }, from.first_name);
  made.style.setProperty("--hue", face(from.first_name).style.getPropertyValue("--hue"));
  return made;
}

function quote(message, does) {
  return el("button", { class: "quote", type: "button", onclick: () => does.jumps(message.message_id) },
    el("b", {}, message.from.first_name), summary(message));
}

// A message in a few words.
function summary(message) {
  const text = message.text ?? message.caption;
  if (text) return text.slice(0, 120).replace(/\s+/g, " ");
  if (message.document) return message.document.file_name;
  return message.photo ? "Photo" : message.voice ? "Voice message" : "Message";
}

function reactions(message, does) {
  const counted = new Map();
  for (const { emoji } of message.reactions) counted.set(emoji, (counted.get(emoji) ?? 0) + 1);
  return el("div", { class: "marks" }, ...[...counted].map(([emoji, count]) => el("button",
    { type: "button", onclick: () => does.reacts(message, emoji) }, count > 1 ? `${emoji} ${count}` : emoji)));
}

function keys(message, rows, does) {
  return el("div", { class: "keys" }, ...rows.map((row, number) => el("div", {}, ...row.map((key, column) =>
    el("button", { class: "key", type: "button", onclick: (event) => does.taps(message, key, number, column, event.currentTarget) },
      key.url ? `${key.text} ↗` : key.text)))));
}

function attached(kind, file) {
  if (kind === "photo") return photo(file.at(-1));
  if (kind === "voice") return voice(file);
  const mark = el("span", { class: "mark" }, icon("file"));
  const lines = el("span", {}, el("b", {}, file.file_name || "file"), el("small", {}, `${size(file.file_size)} · download`));
  return el("a", { class: "file", href: `/control/file/${file.file_id}`, download: file.file_name || "file" }, mark, lines);
}

function photo(file) {
  const image = el("img", { alt: "Photo" });
  fetched(file.file_id, "image/jpeg").then((content) => { image.src = URL.createObjectURL(content); });
  const enlarge = () => opened(el("img", { src: image.src, alt: "Photo" }), "picture");
  return el("button", { class: "photo", type: "button", title: "Enlarge", onclick: enlarge }, image);
}

function voice(file) {
  const sound = new Audio();
  const button = el("button", { type: "button", title: "Play" }, icon("play"));
  const time = el("output", {}, length(file.duration));
  const bars = Array.from({ length: 32 }, (_, number) => {
    const bar = el("i");
    bar.style.height = `${25 + 70 * Math.abs(Math.sin(number * 1.7 + file.file_size) * Math.cos(number * .6))}%`;
    return bar;
  });
  const show = () => {
    const share = sound.currentTime / (Number.isFinite(sound.duration) ? sound.duration : file.duration || 1);
    bars.forEach((bar, number) => bar.classList.toggle("done", !sound.ended && number < share * bars.length));
    button.replaceChildren(icon(sound.paused ? "play" : "pause"));
    time.textContent = length(sound.paused ? file.duration : sound.currentTime);
  };
  for (const event of ["timeupdate", "play", "pause", "ended"]) sound.addEventListener(event, show);
  button.addEventListener("click", () => attempt(async () => {
    if (!sound.src) sound.src = URL.createObjectURL(await fetched(file.file_id, file.mime_type));
    if (sound.paused) await sound.play().catch(() => toast("This browser cannot play it."));
    else sound.pause();
  }));
  return el("div", { class: "voice" }, button, el("div", { class: "wave" }, ...bars), time);
}

// What happened in a chat without anybody saying it, or an empty text.
function event(message) {
  const topic = message.forum_topic_created;
  return topic ? `${message.from.first_name} opened the topic “${topic.name}”` : "";
}

function draftBubble(draft) {
  const text = el("div", { class: "text" }, rich(draft.text ?? "", draft.entities ?? [], null));
  return el("article", { class: "item first last draft", "data-draft": draft.id }, el("div", { class: "bubble" }, text));
}

function dots() {
  return el("article", { class: "item first last", "data-draft": "typing" },
    el("div", { class: "bubble" }, el("div", { class: "dots", role: "img", "aria-label": "writing" }, el("i"), el("i"), el("i"))));
}
