// The chats: the list of them, the one that is open, and how both follow the server.

const PACE = 1200; // milliseconds between two looks at the list
const TOGETHER = 300; // seconds within which messages of one sender stand together
const DOING = { typing: "typing…", upload_document: "sending a file…", upload_photo: "sending a photo…", record_voice: "recording…", upload_voice: "sending a voice message…" };

const rooms = new Map();
let bots = [];
let here = null; // the open room
let stuck = true; // the log's end is shown, and stays so
let missed = 0;
let listed = ""; // what the list shows
let listening = null; // ends the open room's look

const bot = () => bots[0];
const place = (room = here) => ({ person: room.person, chat: room.chat, thread: room.thread });

async function list() {
  const seen = await ask("overview");
  bots = seen.bots;
  if (!bot()) return;
  const people = new Map(seen.people.map((person) => [person.id, person]));
  const chats = new Map(seen.chats.map((chat) => [`${chat.bot}:${chat.chat}`, chat]));
  for (const person of seen.people) {
    room(`p${person.id}`, { title: person.name, language: person.language, person: person.id, chat: bot().id, people: [person] },
      chats.get(`${bot().id}:${person.id}`));
  }
  for (const group of seen.groups) {
    const members = group.people.map((id) => people.get(id)).filter(Boolean);
    if (members.length) room(`g${group.id}`, { title: group.title, group: true, chat: group.id, people: members }, chats.get(`0:${group.id}`));
  }
}

function room(key, facts, chat) {
  const empty = { key, version: 0, messages: new Map(), nodes: new Map(), news: {}, thread: null, read: null, unsent: "", person: facts.people[0].id };
  const known = rooms.get(key) ?? empty;
  rooms.set(key, Object.assign(known, facts, { person: facts.person ?? known.person, last: chat?.last ?? null }));
  if (known.read === null || (known === here && stuck && !document.hidden)) known.read = known.last?.id ?? 0;
}

function showList() {
  const shown = [...rooms.values()].sort((one, other) => (one.group ? 1 : 0) - (other.group ? 1 : 0));
  const state = JSON.stringify([here?.key, ...shown.map((one) => [one.key, one.last, one.read])]);
  if (state === listed) return; // a click must not lose its button
  listed = state;
  $("rooms").replaceChildren(...shown.map((one) => {
    const unread = one.last && !one.people.some((person) => person.id === one.last.from) ? Math.max(0, one.last.id - one.read) : 0;
    const small = el("small", {}, one.last ? one.last.text || "…" : one.group ? one.people.map((person) => person.name).join(", ") : "Nothing said yet");
    const lines = el("div", {},
      el("div", { class: "line" }, el("b", {}, one.title), one.last ? el("time", {}, clock(one.last.date)) : null),
      el("div", { class: "line" }, small, unread ? el("span", { class: "badge" }, unread) : null));
    return el("button", { class: "room", type: "button", "aria-current": String(one === here), onclick: () => open(one) }, face(one.title), lines);
  }));
}

async function keepListing() {
  for (;;) {
    try {
      await list();
      trouble(bot() ? "" : "There is no bot on this server yet.");
      if (!here && rooms.size && matchMedia("(min-width: 46.01rem)").matches) open(rooms.get(sessionStorage.room) ?? rooms.values().next().value, false);
    } catch {
      trouble("The server cannot be reached. It is asked again …");
    }
    showList();
    if (here) showHead();
    await new Promise((resolve) => setTimeout(resolve, PACE));
  }
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function open(chosen, enter = true) {
  if (here) here.unsent = $("text").value;
  here = chosen;
  sessionStorage.room = here.key;
  here.read = here.last?.id ?? 0;
  missed = 0;
  stuck = true;
  if (enter && $("app").dataset.pane === "list") history.pushState("chat", "");
  $("app").dataset.pane = "chat";
  $("flow").replaceChildren();
  resetComposer();
  showList();
  showHead();
  draw();
  follow(here);
}

// Follows the open room: every answer comes when something changed.
async function follow(room) {
  listening?.abort();
  const mine = listening = new AbortController();
  while (!mine.signal.aborted) {
    try {
      const news = await ask("look", { ...place(room), since: room.version, wait: room.looked ? 25 : 0 }, mine.signal);
      if (news.version < room.version) location.reload(); // it is another server by now
      take(room, news);
    } catch (error) {
      if (mine.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, PACE));
      if (error instanceof Refused) location.reload();
    }
  }
}

function take(room, news) {
  for (const message of news.messages) room.messages.set(message.message_id, message);
  for (const id of news.deleted) room.messages.delete(id);
  const first = !room.looked;
  room.looked = true;
  room.version = news.version;
  room.news = news;
  clearTimeout(room.fading);
  if (news.action) room.fading = setTimeout(() => { news.action = null; if (room === here) { draw(); showHead(); } }, news.action.left * 1000);
  if (room === here) {
    draw(!first);
    showHead();
  }
}

function showHead() {
  $("title").textContent = here.group ? here.title : bot()?.name ?? "";
  const { action, blocked } = here.news;
  const doing = action && action.thread === here.thread ? DOING[action.name] ?? "busy…" : "";
  const state = blocked ? "blocked" : bot()?.listening ? "online" : "the bot does not listen";
  const who = here.group ? here.people.map((person) => person.name).join(", ") : `You are ${here.title} (${here.language})`;
  $("status").textContent = doing || `${who} · ${state}`;
  $("status").className = doing ? "on" : "";
  const mark = here.group ? face(here.title) : el("span", { class: "mark" }, icon("mark"));
  mark.id = "face";
  if ($("face").textContent !== mark.textContent || !$("face").hasChildNodes()) $("face").replaceWith(mark);
  const topics = here.news.topics ?? [];
  $("topics").hidden = !topics.length;
  $("topics").replaceChildren(...[{ id: null, name: "Chat" }, ...topics].map((topic) => el("button",
    { type: "button", "aria-pressed": String(topic.id === here.thread), onclick: () => enterTopic(topic.id) }, topic.name)));
}

function enterTopic(thread) {
  here.thread = thread;
  $("flow").replaceChildren();
  stuck = true;
  showHead();
  draw();
}

// Shows what the open room has, touching only what changed.
function draw(lively = false) {
  const thread = (message) => message.message_thread_id ?? null;
  const shown = [...here.messages.values()].filter((message) => thread(message) === here.thread).sort((one, other) => one.message_id - other.message_id);
  const drafts = (here.news.drafts ?? []).filter((draft) => draft.thread === here.thread);
  const wasDraft = $("flow").querySelector("[data-draft]") !== null;
  const wanted = [];
  let before = null;
  for (const message of shown) {
    const day = new Date(message.date * 1000).toDateString();
    if (before?.day !== day) wanted.push(separator(day));
    const node = nodeOf(message, lively && !wasDraft);
    const joins = before?.day === day && before.from === message.from.id && message.date - before.date < TOGETHER && !event(message);
    node.classList.toggle("first", !joins);
    if (joins) before.node.classList.remove("last");
    node.classList.add("last");
    wanted.push(node);
    before = event(message) ? null : { day, from: message.from.id, date: message.date, node };
    if (!before) before = { day, from: 0, date: 0, node };
  }
  if (!shown.length && !here.group && here.thread === null && here.looked) wanted.push(welcome());
  for (const draft of drafts) wanted.push(draftNode(draft));
  const { action } = here.news;
  if (action && action.thread === here.thread && !drafts.length) wanted.push($("flow").querySelector("[data-draft=typing]") ?? dots());
  settle($("flow"), wanted);
  if (stuck) toEnd();
  showLatest();
}

function settle(parent, wanted) {
  wanted.forEach((node, at) => { if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null); });
  while (parent.children.length > wanted.length) parent.lastChild.remove();
}

function nodeOf(message, lively) {
  const known = here.nodes.get(message.message_id);
  if (known?.version === message.version) return known.node;
  const mine = here.people.some((person) => person.id === message.from.id) && (!here.group || message.from.id === here.person);
  const happened = event(message);
  const node = happened ? el("div", { class: "event" }, happened) : bubble(message, mine, doing);
  if (!known && lively) {
    node.classList.add("new");
    node.addEventListener("animationend", () => node.classList.remove("new"), { once: true });
    if (mine) stuck = true;
    else if (!stuck) missed += 1;
  }
  if (known) known.node.replaceWith(node);
  here.nodes.set(message.message_id, { version: message.version, node });
  return node;
}

function draftNode(draft) {
  const fresh = draftBubble(draft);
  const known = $("flow").querySelector(`[data-draft="${Number(draft.id)}"]`);
  if (!known) return fresh;
  known.querySelector(".text").replaceWith(fresh.querySelector(".text"));
  return known;
}

function separator(day) {
  const key = `day:${day}`;
  const today = new Date();
  const names = [[0, "Today"], [1, "Yesterday"]].map(([ago, called]) => [new Date(today - ago * 864e5).toDateString(), called]);
  if (!here.nodes.has(key)) here.nodes.set(key, { node: el("div", { class: "day" }) });
  const { node } = here.nodes.get(key);
  node.textContent = new Map(names).get(day) ?? new Date(day).toLocaleDateString([], { day: "numeric", month: "long", year: "numeric" });
  return node;
}

function welcome() {
  return el("div", { class: "start" }, el("span", { class: "mark" }, icon("mark")),
    el("h3", {}, `Talk to ${bot().name}`), el("p", {}, `You are ${here.title}. Say in your own words what you need, or begin with the button.`),
    el("button", { class: "solid", type: "button", onclick: () => say("/start") }, "Start"));
}

function toEnd() {
  $("log").scrollTop = $("log").scrollHeight;
}

function showLatest() {
  $("latest").hidden = stuck;
  $("latest").lastChild.textContent = missed || "";
}

// What a person can do with a message.
const doing = {
  says: (text) => say(text),
  jumps(id) {
    const node = here.nodes.get(id)?.node;
    node?.scrollIntoView({ block: "center", behavior: "smooth" });
    node?.animate([{ filter: "brightness(1.25)" }, {}], 900);
  },
  reacts: (message, emoji) => attempt(() => {
    const mine = message.reactions?.find((one) => one.from === here.person)?.emoji;
    return ask("react", { ...place(), message: message.message_id, emoji: mine === emoji ? "" : emoji });
  }),
  options(message, beside) {
    const row = ["👍", "❤", "🔥", "🎉", "🤔", "👀"].map((emoji) => el("button",
      { type: "button", role: "menuitem", onclick: () => { $("menu").hidePopover(); doing.reacts(message, emoji); } }, emoji));
    const entries = [el("div", { class: "emoji" }, ...row), ["Reply", () => refer("reply", message)]];
    const text = message.text ?? message.caption;
    if (text) entries.push(["Copy the text", () => attempt(() => copy(text))]);
    if (message.from.id === here.person && message.text) entries.push(["Edit", () => refer("edit", message)]);
    menu(beside, entries);
  },
  taps: (message, key, row, column, button) => attempt(async () => {
    if (key.url) return void (/^https?:/i.test(key.url) && window.open(key.url, "_blank", "noopener"));
    if (key.copy_text) return copy(key.copy_text.text);
    button.classList.add("busy");
    try {
      const { id } = await ask("tap", { ...place(), message: message.message_id, row, column });
      if (!id) return toast("This button does nothing here.");
      const answer = await ask("answer", { bot: message.from.id, tap: id, wait: 15 });
      if (answer === null) toast("The bot did not answer.");
      else if (answer.alert) await dialog("", [el("p", {}, answer.text)]);
      else if (answer.text) toast(answer.text);
    } finally {
      button.classList.remove("busy");
    }
  }),
};
