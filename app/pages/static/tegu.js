// What pages do beyond being read: they stay current while somebody looks, and `/` finds a stack. Without it all works.
"use strict";

const live = document.body.dataset.live;
const PAUSE = 2000; // ms between two looks, however much happens
const REFUSED = 10000; // ms until a stream is asked for again

// ---- parts of the page are drawn anew by the server when something has happened

let stream = null;
let timer = 0;
let looking = false;
let again = false;

async function look() {
  timer = 0;
  if (looking) { again = true; return; }
  looking = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the next event, or the next connection, looks again */ }
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
      if (grown) grown.scrollTop = atEnd ? grown.scrollHeight : place; // who reads further up is left there
      if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}

function soon() {
  if (!timer) timer = setTimeout(look, PAUSE);
}

function listen() {
  stream = new EventSource("/api/v1/events");
  for (const kind of live.split(" ")) stream.addEventListener(kind, soon);
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
  // Ages grow, and what begins is no event.
  let rounds = 0;
  setInterval(() => {
    rounds += 1;
    const isBusy = document.querySelector(".under-way, .is-live");
    if (!document.hidden && (isBusy || rounds % 10 === 0)) soon();
  }, 3000);
}

// ---- the search: `/` puts the cursor there, and the list follows what is typed

const search = document.getElementById("search");
if (search) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      event.preventDefault();
      search.focus();
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
