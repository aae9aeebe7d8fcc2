// Texts with their entities. Offsets count UTF-16 units, as JavaScript's strings do.

const FOUND = /\bhttps?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]’”]|(?<![\S])\/[a-z0-9_]{1,32}(?:@\w+)?(?![\w/])/g;
const PLAIN = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };

// Says is called with a command that is clicked.
function rich(text, entities, says) {
  const made = document.createDocumentFragment();
  const sorted = [...entities].sort((one, other) => one.offset - other.offset || other.length - one.length);
  grow(made, text, sorted, 0, text.length, says);
  return made;
}

function grow(parent, text, entities, start, end, says) {
  let at = start;
  for (let next = 0; next < entities.length;) {
    const entity = entities[next];
    const stop = Math.min(entity.offset + entity.length, end);
    words(parent, text.slice(at, entity.offset), says);
    const inner = [];
    for (next += 1; next < entities.length && entities[next].offset < stop; next += 1) inner.push(entities[next]);
    const [outside, inside] = wrapped(entity, text.slice(entity.offset, stop));
    if (entity.type === "pre" || entity.type === "code") inside.append(text.slice(entity.offset, stop));
    else grow(inside, text, inner, entity.offset, stop, outside.tagName === "A" ? null : says);
    parent.append(outside);
    at = stop;
  }
  words(parent, text.slice(at, end), says);
}

function wrapped(entity, covered) {
  const { type } = entity;
  if (type in PLAIN) return twice(el(PLAIN[type]));
  if (type === "code") return twice(el("code", { title: "Copy", onclick: () => copy(covered) }));
  if (type === "pre") return block(entity.language, covered);
  if (type === "text_link") return twice(link(entity.url));
  if (type === "blockquote") return twice(el("blockquote"));
  if (type === "expandable_blockquote") {
    return twice(el("blockquote", { class: "folded", onclick: (event) => event.currentTarget.classList.toggle("folded") }));
  }
  if (type === "spoiler") return twice(el("span", { class: "spoiler", onclick: (event) => event.currentTarget.classList.add("open") }));
  return twice(el("span"));
}

const twice = (one) => [one, one];

function block(language, covered) {
  const inside = el("pre", { tabindex: "0" });
  const button = el("button", { type: "button", onclick: () => copy(covered) }, "Copy");
  return [el("div", { class: "block" }, el("header", {}, el("span", {}, language || ""), button), inside), inside];
}

// A link opens elsewhere, and only what is the web's or Telegram's is one.
function link(url) {
  const safe = /^(https?|tg|mailto):/i.test(url);
  return el("a", safe ? { href: url, target: "_blank", rel: "noopener noreferrer", title: url } : {});
}

// Words between entities: addresses and commands in them can be clicked, as in Telegram.
function words(parent, text, says) {
  // A block stands on lines of its own: the line's end after it, and an empty line, would be a gap.
  if (parent.lastChild?.className === "block" || parent.lastChild?.tagName === "BLOCKQUOTE") text = text.replace(/^\n{1,2}/, "");
  let at = 0;
  for (const found of says ? text.matchAll(FOUND) : []) {
    parent.append(text.slice(at, found.index));
    if (found[0].startsWith("/")) parent.append(el("button", { class: "command", type: "button", onclick: () => says(found[0]) }, found[0]));
    else parent.append(Object.assign(link(found[0]), { textContent: found[0] }));
    at = found.index + found[0].length;
  }
  parent.append(text.slice(at));
}
