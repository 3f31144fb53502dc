// The forms of /docs: build the address, send it, show the answer. Nothing is kept and nothing comes from outside.
"use strict";

const root = new URL(".", document.baseURI);

for (const code of document.querySelectorAll(".curl")) {
  code.textContent = code.textContent.replace(document.body.dataset.origin, root.href.replace(/\/$/, ""));
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

function target(section, form) {
  let path = section.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[data-place]")) {
    if (field.dataset.place === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.value.trim() !== "") query.set(field.name, field.value.trim());
  }
  const url = new URL(path.slice(1), root);
  url.search = query.toString();
  return url;
}

function show(output, told, text) {
  const line = document.createElement("div");
  line.className = "told";
  line.textContent = told;
  const block = document.createElement("pre");
  block.textContent = text;
  output.replaceChildren(line, block);
}

async function send(section, form) {
  const output = form.querySelector("output");
  const options = { method: section.dataset.method, headers: {} };
  const key = document.getElementById("key");
  if (key && key.value) options.headers["X-Api-Key"] = key.value;
  if (form.elements.body) {
    options.body = form.elements.body.value;
    options.headers["Content-Type"] = "application/json";
  }
  const url = target(section, form);
  const began = performance.now();
  try {
    const answer = await fetch(url, options);
    const text = await answer.text();
    const ms = Math.round(performance.now() - began);
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON: shown as it came */ }
    show(output, `${answer.status} ${answer.statusText} · ${ms} ms · ${url.pathname}${url.search}`, shown);
  } catch (error) {
    show(output, "No answer", String(error));
  }
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form.closest(".operation"), form);
  });
}
