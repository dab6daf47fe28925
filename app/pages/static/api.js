// The description of the API: what only reads is asked from here, with the session of this browser.

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(form); });
}

// What a link leads to is opened.
function open() {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part?.tagName === "DETAILS") part.open = true;
}

addEventListener("hashchange", open);
open();

function address(form) {
  let path = form.getAttribute("action");
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value) query.set(name, value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function ask(form) {
  const said = form.querySelector("[role=status]");
  const answer = form.querySelector("pre");
  const url = address(form);
  try {
    const response = await fetch(url, { headers: { Accept: "application/json, text/plain" } });
    const text = await response.text();
    said.textContent = `GET ${url}: ${response.status}`;
    answer.textContent = response.headers.get("Content-Type").includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text;
    answer.hidden = false;
  } catch {
    said.textContent = `GET ${url}: Tegu does not answer`;
    answer.hidden = true;
  }
}
