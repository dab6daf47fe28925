// What pages do beyond being read: they stay current while somebody looks, and `/` finds a stack. Without it all works.
"use strict";

const { live, of: mine } = document.body.dataset; // events to listen to; the stack that the page is of, if it is of one
const PAUSE = 2000; // ms between two looks at least, however much happens
const SHARE = 15; // a look is followed by a pause so many times as long: many open pages must not keep the server busy
const LONGEST = 60000; // ms, of such a pause
const ROUND = 3000; // ms between two looks at what goes on
const CALM = 20; // rounds between two looks at what tells by itself when it changes; a dead worker tells nothing
const DEAF = 5; // the same while nothing can be heard
const REFUSED = 10000; // ms until a stream is asked for again

// ---- parts of the page are drawn anew by the server when something has happened

let stream = null;
let timer = 0;
let looking = false;
let again = false;
let took = 0;

async function look() {
  timer = 0;
  if (looking) { again = true; return; }
  looking = true;
  const began = performance.now();
  let isCurrent = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
    isCurrent = answer.ok;
    if (isCurrent) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the next event, or the next connection, looks again */ }
  document.body.classList.toggle("stale", !isCurrent);
  took = performance.now() - began;
  looking = false;
  if (again) { again = false; soon(); }
}

function replace(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    if (other && (other.innerHTML !== part.innerHTML || other.className !== part.className)) {
      part.className = other.className;
      const log = part.querySelector(".log");
      const atEnd = log && log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
      const place = log ? log.scrollTop : 0;
      const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      part.replaceChildren(...other.childNodes);
      const grown = part.querySelector(".log");
      // What is followed has more lines than the page knows of.
      if (log?.isFollowed && grown?.dataset.follow) grown.replaceWith(log);
      else if (grown) follow(grown);
      const shown = part.querySelector(".log");
      if (shown) shown.scrollTop = atEnd ? shown.scrollHeight : place; // who reads further up is left there
      if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}

function soon() {
  if (!timer) timer = setTimeout(look, Math.min(Math.max(PAUSE, SHARE * took), LONGEST));
}

// An event that names no stack may be of any.
function hear({ data }) {
  const { stack, stacks } = JSON.parse(data);
  if (!mine || [stacks ?? stack ?? mine].flat().includes(mine)) soon();
}

function listen() {
  stream = new EventSource("/api/v1/events");
  for (const kind of live.split(" ")) stream.addEventListener(kind, hear);
  // A stream that was refused (too many are listening, Redis is away) is not tried again by itself.
  stream.addEventListener("error", () => {
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(() => { if (!document.hidden && !stream) listen(); }, REFUSED);
  });
}

if (live) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { stream?.close(); stream = null; }
    else if (!stream) { listen(); look(); }
  });
  if (!document.hidden) listen();
  // What goes on has no event for each of its seconds.
  let rounds = 0;
  setInterval(() => {
    rounds += 1;
    const isBusy = document.querySelector(".under-way, .is-live");
    if (!document.hidden && (isBusy || rounds >= (stream ? CALM : DEAF))) { rounds = 0; soon(); }
  }, ROUND);
}

// ---- what only a worker can say is asked when it is opened

for (const section of document.querySelectorAll("details[data-asks]")) {
  section.addEventListener("toggle", async () => {
    const place = section.querySelector(".answer");
    if (!section.open || place.ariaBusy === "true") return;
    place.ariaBusy = "true";
    try {
      const answer = await fetch(section.dataset.asks, { headers: { Accept: "text/html" } });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("answer");
      if (found) place.replaceChildren(...found.childNodes); // else there is the link still
    } catch { /* there is the link still */ }
    place.ariaBusy = "false";
  });
}

// ---- a log is followed as it is written

const pause = () => new Promise((go) => { setTimeout(go, PAUSE); });

async function follow(log) {
  if (!log.dataset.follow || log.isFollowed) return;
  log.isFollowed = true;
  let seen = Number(log.dataset.seen);
  while (log.isFollowed) {
    if (document.hidden) { await pause(); continue; }
    const hang = new AbortController();
    const watch = setInterval(() => { if (document.hidden || !log.isConnected) hang.abort(); }, 1000);
    try {
      const answer = await fetch(log.dataset.follow, { headers: { Accept: "text/plain" }, signal: hang.signal });
      if (!answer.ok) throw new Error(answer.status);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let skip = seen; // it begins with what is there already
      let rest = "";
      for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        const fresh = lines.slice(skip);
        skip = Math.max(0, skip - lines.length);
        seen += fresh.length;
        if (!fresh.length) continue;
        const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
        log.append(fresh.map((line) => `${line}\n`).join(""));
        if (atEnd) log.scrollTop = log.scrollHeight;
      }
    } catch { /* it is asked for again */ }
    clearInterval(watch);
    if (!log.isConnected) log.isFollowed = false;
    else await pause();
  }
}

document.querySelectorAll(".log").forEach((log) => {
  log.scrollTop = log.scrollHeight;
  follow(log);
});

// ---- ages grow by themselves; as app/pages/moments.py says them

const UNITS = [[31536000, "y"], [2592000, "mo"], [86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

function age(seconds) {
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [unit, name] = UNITS.find(([each]) => size >= each);
  const said = `${Math.floor(size / unit)} ${name}`;
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}

setInterval(() => {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[title], .stacks td:nth-child(6)")) {
    const at = Date.parse(time.title.replace(" UTC", "Z").replace(" ", "T"));
    const passed = (Date.now() - at) / 1000;
    if (at) time.textContent = "due" in time.dataset && passed > -5 ? "any moment" : age(passed);
  }
}, 15000);

// ---- the search: `/` puts the cursor there, and the list follows what is typed

const search = document.getElementById("search");
if (search) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      event.preventDefault();
      search.closest(".bar")?.scrollIntoView(); // what is found stands below
      search.focus({ preventScroll: true });
      search.select();
    }
  });
  let typed = 0;
  search.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      const address = new URL(location.href);
      if (search.value) address.searchParams.set("q", search.value);
      else address.searchParams.delete("q");
      history.replaceState(null, "", address);
      look();
    }, 120);
  });
}
