// Ties what is on the page to what it does.

if (localStorage.theme) document.documentElement.dataset.theme = localStorage.theme;
$("theme").onclick = () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  localStorage.theme = document.documentElement.dataset.theme = dark ? "light" : "dark";
};

$("add-person").onclick = () => attempt(async () => {
  const languages = [["en", "English"], ["de", "Deutsch"], ["es", "Español"], ["fr", "Français"]];
  const choice = el("select", { name: "language" }, ...languages.map(([code, name]) => el("option", { value: code }, name)));
  const given = await dialog("Add a person", [field("Name", "name", { autofocus: true }), el("label", {}, "Language of their app", choice)], "Add");
  if (!given) return;
  const [made] = await ask("people", { names: [given.get("name")], language: given.get("language") });
  await list();
  open(rooms.get(`p${made.id}`));
});

$("add-group").onclick = () => attempt(async () => {
  const people = [...rooms.values()].filter((one) => !one.group).slice(0, 12);
  const ticks = people.map((one) => el("label", { class: "tick" }, el("input", { type: "checkbox", name: "member", value: one.person, checked: true }), one.title));
  const topics = field("Topics, if it is to be a forum: Work, Play", "topics", { required: false });
  const given = await dialog("New group", [field("Name", "title", { autofocus: true }), ...ticks, topics], "Make it");
  if (!given) return;
  const members = given.getAll("member").map(Number);
  if (!members.length) throw new Refused("A group needs somebody in it.");
  const names = given.get("topics").split(",").map((name) => name.trim()).filter(Boolean);
  const made = await ask("group", { title: given.get("title"), members, topics: names });
  await ask("enter", { person: members[0], chat: made.id, status: "creator" });
  await ask("invite", { person: members[0], chat: made.id, bot: bot().id });
  await list();
  open(rooms.get(`g${made.id}`));
});

$("more").onclick = () => {
  const entries = [["New topic …", () => attempt(async () => {
    const given = await dialog("New topic", [field("Name", "name", { autofocus: true })], "Open");
    if (given) enterTopic(await ask("topic", { ...place(), name: given.get("name") }));
  })]];
  const { blocked } = here.news;
  if (!here.group) entries.push([blocked ? "Unblock the bot" : "Block the bot", () => attempt(() => ask("block", { ...place(), blocked: !blocked }))]);
  entries.push(["Copy the chat's id", () => attempt(() => copy(String(here.group ? here.chat : here.person)))]);
  menu($("more"), entries);
};

$("back").onclick = () => history.back();
addEventListener("popstate", () => { $("app").dataset.pane = "list"; here = null; listening?.abort(); showList(); });

$("log").addEventListener("scroll", () => {
  const log = $("log");
  stuck = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (stuck) missed = 0;
  showLatest();
}, { passive: true });
new ResizeObserver(() => { if (stuck) toEnd(); }).observe($("flow"));
new ResizeObserver(() => { if (stuck) toEnd(); }).observe($("log"));
$("latest").onclick = () => $("log").scrollTo({ top: $("log").scrollHeight, behavior: "smooth" });

text.addEventListener("input", () => { fit(); if (text.value === "/") { chosen = 0; offerCommands().then(showCommands); } showCommands(); });
text.addEventListener("keydown", pressed);
$("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
$("about").querySelector("button").onclick = () => { if (about?.kind === "edit") text.value = ""; refer(null); fit(); };
$("slash").onclick = async () => {
  await offerCommands();
  if (!offered.length) return toast("The bot offers no commands here.");
  text.value = $("commands").hidden ? "/" : "";
  chosen = 0;
  fit();
  showCommands();
  return text.focus();
};
$("as").onchange = () => {
  here.person = Number($("as").value);
  here.nodes.clear(); // which messages are one's own changed
  $("flow").replaceChildren();
  draw();
  offerCommands();
};
$("mic").onclick = speak;
$("clip").onclick = () => {
  const choose = (what, accept) => { kind = what; $("file").accept = accept; $("file").click(); };
  menu($("clip"), [["Document", () => choose("document", "")], ["Photo", () => choose("photo", "image/*")], ["Voice message", () => choose("voice", "audio/*")]]);
};
$("file").onchange = async () => { await sendFiles($("file").files, kind); $("file").value = ""; };
text.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) { event.preventDefault(); sendFiles(event.clipboardData.files); }
});
const room$ = document.querySelector("main");
for (const kind of ["dragenter", "dragover"]) room$.addEventListener(kind, (event) => { event.preventDefault(); $("drop").hidden = false; });
room$.addEventListener("dragleave", (event) => { if (!room$.contains(event.relatedTarget)) $("drop").hidden = true; });
room$.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  if (here) sendFiles(event.dataTransfer.files);
});

keepListing();
