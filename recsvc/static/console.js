// /console: asks the service's own addresses and shows what they tell. Whatever comes back goes in as text, never as HTML;
// the key is sent in a header, and kept by this tab alone.
"use strict";

const ROOT = new URL(".", document.baseURI);
const KEY = "recsvc-console-key";
const LOOK_SECONDS = 10;
const ON_CARD = ["name", "price", "currency", "image"];
const AGES = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const find = (id) => document.getElementById(id);

/** Return an element; strings among `parts` become text. */
function make(tag, facts = {}, ...parts) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) made.setAttribute(name, value);
  made.append(...parts.filter((part) => part !== null && part !== undefined && part !== ""));
  return made;
}

/** Return status and body of an address of the service, and when it answered by its own clock (Unix seconds). */
async function ask(path, body) {
  const options = { headers: {}, cache: "no-store" };
  const key = sessionStorage.getItem(KEY);
  if (key) options.headers["X-Api-Key"] = key;
  if (body) {
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    options.headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(new URL(path, ROOT), options);
  const text = await answer.text();
  let told = text;
  try { told = JSON.parse(text); } catch { /* metrics are no JSON */ }
  return { ok: answer.ok, status: answer.status, told, now: Date.parse(answer.headers.get("Date")) / 1000 };
}

/** Return what an answer that is none says, in words. */
function fault({ status, told }) {
  if (status === 401) return "This service asks for a key: type an admin key above.";
  const faults = (told.errors || []).map((one) => (one.path ? `${one.path}: ${one.message}` : one.message));
  const hint = status === 403 ? "Type an admin key above." : "";
  return [told.detail || told.title || `The service answered ${status}.`, ...faults, hint].filter(Boolean).join(" ");
}

/** Return seconds in their largest unit, as in "3 h". */
function age(seconds) {
  const [unit, name] = AGES.find(([one]) => seconds >= 2 * one) || AGES[AGES.length - 1];
  return `${Math.max(Math.floor(seconds / unit), 0)} ${name}`;
}

const figure = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : Number(value.toPrecision(4)).toString());
const plain = (value) => (typeof value === "number" ? figure(value) : typeof value === "object" ? JSON.stringify(value) : String(value));

/** Return a table of names and values; nothing where there is none. */
function table(caption, heads, rows) {
  if (!rows.length) return "";
  const head = make("tr", {}, ...heads.map((one) => make("th", { scope: "col" }, one)));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, plain(cell)))));
  const made = make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption }, made);
}

// ---- the service

/** Return the samples of Prometheus's text format: name -> list of [labels, value]. */
function samples(text) {
  const out = {};
  for (const line of text.split("\n")) {
    const told = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (told) (out[told[1]] ||= []).push([told[2] || "", Number(told[3])]);
  }
  return out;
}

const total = (read, name, holding = "") =>
  (read[name] || []).filter(([labels]) => labels.includes(holding)).reduce((sum, [, value]) => sum + value, 0);
const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "none yet");

/** Return the facts that need an admin key, or that the service shows to this machine. */
function figures(read, now) {
  const answers = total(read, "recsvc_answers_total");
  const events = (outcome) => figure(total(read, "recsvc_events_total", `outcome="${outcome}"`));
  const since = (name) => now - total(read, name);
  const trained = total(read, "recsvc_model_created_timestamp_seconds");
  const followed = total(read, "recsvc_store_followed_timestamp_seconds");
  return [
    ["Trained", trained ? `${age(now - trained)} ago` : "no version"],
    ["Rules live", `${figure(total(read, "recsvc_rules"))}, for ${age(since("recsvc_rules_live_timestamp_seconds"))}`],
    ["Workers", figure(total(read, "recsvc_workers") || 1)],
    ["Events", `${events("accepted")} stored, ${events("duplicate")} again, ${events("refused")} refused, ${events("unavailable")} turned away`],
    ["Behind the store", followed ? age(now - followed) : "not read yet"],
    ["Carousels", `${figure(answers)}; degraded ${share(total(read, "recsvc_answers_total", 'degraded="true"'), answers)}`],
    ["Without a permit", figure(total(read, "recsvc_admission_refused_total"))],
  ];
}

async function look() {
  let ready, metrics;
  try {
    [ready, metrics] = await Promise.all([ask("readyz"), ask("metrics")]);
  } catch (error) {
    find("facts").replaceChildren(fact("Status", "no answer"));
    find("troubles").replaceChildren(make("li", {}, String(error)));
    return;
  }
  const told = ready.told;
  const facts = [
    ["Status", ready.ok ? told.status : "not ready"],
    ["Shop", told.shop],
    ["Model", (told.models || []).length > 1 ? told.models.join(", ") : told.model || "none"],
    ["Rules", told.rules ? told.rules.slice(0, 19) : "none"],
    ["Clock", told.clock],
    ...(metrics.ok ? figures(samples(metrics.told), metrics.now) : [["Figures", fault(metrics)]]),
  ];
  find("facts").replaceChildren(...facts.map(([name, value]) => fact(name, value)));
  const troubles = (told.troubles || []).map((one) => `${one.part} ${one.file}${one.line ? `:${one.line}` : ""}: ${one.cause}`);
  const lines = [...troubles.map((line) => make("li", {}, line)), ...(told.warnings || []).map((line) => make("li", { class: "warning" }, line))];
  if (find("troubles").textContent !== lines.map((one) => one.textContent).join("")) find("troubles").replaceChildren(...lines);
}

const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, String(value)));

// ---- what may be asked

async function fillForm() {
  const [carousels, document_] = await Promise.all([ask("v1/carousels"), ask("openapi.json")]);
  if (!carousels.ok) return say(fault(carousels), true);
  const ticked = new Set(chosen());
  find("carousels").replaceChildren(
    make("legend", {}, "Carousels"),
    ...carousels.told.carousels.map(({ carousel, title }, place) => {
      const box = make("input", { type: "checkbox", value: carousel });
      box.checked = ticked.size ? ticked.has(carousel) : place === 0;
      return make("label", { title: carousel }, box, title || carousel);
    }),
  );
  const [none] = find("page").options;
  const page = find("page").value;
  find("page").replaceChildren(none, ...Object.keys(carousels.told.pages).map((name) => make("option", { value: name }, name)));
  find("page").value = page;
  moreFields(document_.told.components.schemas.RequestContext.properties);
}

/** Make a field for each that the shop may be asked with and the page does not have. */
function moreFields(fields) {
  for (const [name, told] of Object.entries(fields)) {
    if (find(name) || ["explain", "offset", "consent"].includes(name)) continue;
    const kinds = (told.anyOf || [told]).map((one) => one.type);
    const kind = kinds.includes("array") ? "list" : kinds.includes("number") ? "number" : "text";
    const field = kind === "list" ? make("textarea", { rows: "2", spellcheck: "false" }) : make("input", { autocomplete: "off" });
    if (kind === "number") Object.assign(field, { type: "number", step: "any" });
    field.id = name;
    field.dataset.field = kind;
    const label = name.replaceAll("_", " ") + (kind === "list" ? ", one a line" : "");
    find("more").append(make("div", { class: "field" }, make("label", { for: name, title: told.description || "" }, label), field));
  }
}

const chosen = () => [...find("carousels").querySelectorAll("input:checked")].map((box) => box.value);

/** Return the request context that the form holds; what is empty is left out. */
function context() {
  const out = { explain: true };
  for (const field of find("ask").querySelectorAll("[data-field]")) {
    const value = field.value.trim();
    if (!value) continue;
    const kind = field.dataset.field;
    out[field.id] = kind === "number" ? Number(value) : kind === "list" ? value.split(/\s*\n\s*/) : value;
  }
  return out;
}

function say(text, wrong = false) {
  find("told").textContent = text;
  find("told").classList.toggle("wrong", wrong);
}

async function show() {
  const page = find("page").value, names = chosen(), body = context();
  if (!page && !names.length) return say("Tick a carousel, or take a page.", true);
  const calls = page ? [`v1/pages/${encodeURIComponent(page)}`] : names.map((name) => `v1/carousels/${encodeURIComponent(name)}`);
  const found = [], began = performance.now();
  find("shelves").replaceChildren();
  say("Asking …");
  for (const call of calls) { // one by one: the console is no load
    const answer = await ask(call, body);
    if (!answer.ok) return say(fault(answer), true);
    found.push(...(answer.told.carousels || [answer.told]));
  }
  find("shelves").replaceChildren(...found.map(shelf));
  say(`${found.length === 1 ? "1 carousel" : `${found.length} carousels`} in ${Math.round(performance.now() - began)} ms, explanations included.`);
  find("answers").focus({ preventScroll: false });
}

// ---- carousels

function shelf(told) {
  const badges = [
    [told.personalised ? "personal" : "not personal", ""],
    told.fallback && [`fallback: ${told.fallback}`, "odd"],
    ...(told.degraded || []).map((part) => [`without ${part}`, "wrong"]),
    ...(told.unknown || []).map((name) => [`${name} is not known`, "odd"]),
    ...(told.experiments || []).map(({ name, arm }) => [`${name}: ${arm}`, ""]),
    [`model ${told.model || "none"}`, "quiet"],
    [told.rules ? `rules ${told.rules.slice(0, 19)}` : "no rules", "quiet"],
  ].filter(Boolean);
  const items = told.items.map(card);
  return make("article", { class: "shelf" },
    make("h3", {}, told.title || told.carousel, " ", make("code", {}, told.carousel)),
    make("ul", { class: "badges" }, ...badges.map(([text, kind]) => make("li", { class: kind }, text))),
    items.length ? make("ol", { class: "cards" }, ...items) : make("p", {}, "No product."),
    told.notes ? notes(told.notes) : "");
}

function card(item) {
  const product = item.product || {}, name = product.name || item.product_id;
  return make("li", { class: "card" },
    picture(product.image, name),
    make("p", { class: "place" }, `${item.position}`, make("span", { class: item.source === "model" ? "source" : "source other" }, item.source)),
    make("p", { class: "name" }, String(name)),
    make("p", { class: "id" }, item.product_id),
    make("p", { class: "price" }, price(product)),
    make("p", { class: "reason", title: item.reason.code }, item.reason.text || item.reason.code),
    item.explain ? explanation(item, product) : "");
}

/** Return the image of a product where it lies with the service; a link to it elsewhere, since this page asks nobody else. */
function picture(image, name) {
  if (typeof image !== "string" || !image) return "";
  let url;
  try { url = new URL(image, ROOT); } catch { return ""; }
  if (!["http:", "https:"].includes(url.protocol)) return "";
  if (url.origin === ROOT.origin) return make("img", { src: url.href, alt: `Image of ${name}`, loading: "lazy" });
  return make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", class: "picture" }, "Image", make("span", {}, `at ${url.host}`));
}

function price(product) {
  if (typeof product.price !== "number") return "";
  try { return new Intl.NumberFormat("en", { style: "currency", currency: product.currency }).format(product.price); }
  catch { return `${figure(product.price)} ${product.currency || ""}`.trim(); }
}

function explanation(item, product) {
  const told = item.explain, factors = told.factors || [], trade = told.trade_offs || [];
  const made = [figure(told.model_score), ...[...trade, ...factors].map((one) => figure(one.factor))].join(" × ");
  const rest = Object.entries(product).filter(([name]) => !ON_CARD.includes(name));
  const facts = Object.entries(told.context || {}).flatMap(([name, some]) =>
    Object.entries(some).map(([field, value]) => [`${name}.${field}`, value]));
  const byPart = Object.entries(told.sources || {}).sort(([, one], [, other]) => other - one);
  return make("details", {},
    make("summary", {}, `Score ${figure(item.score)}`),
    make("p", {}, `${made} = ${figure(item.score)}`, factors.length || trade.length ? "" : "; no rule's factor"),
    make("div", { class: "tables" },
      table("Factors of rules", ["Rule", "Factor"], factors.map((one) => [one.rule, one.factor])),
      table("Trade-offs", ["Trade-off", "Factor"], trade.map((one) => [one.name, one.factor])),
      table(told.ranker ? "The blend, which the ranker read" : "Parts of the blend", ["Source", "Part"], byPart),
      table(`What the ranker ${told.ranker} read`, ["Feature", "Value"], Object.entries(told.features || {})),
      table("Context of the moment", ["Fact", "Value"], facts),
      table("The product", ["Attribute", "Value"], rest)));
}

function notes(told) {
  const frozen = Object.entries(told.snapshot || {}).filter(([, value]) => value !== null && value.length !== 0);
  const pins = told.dropped_pins.map((one) => [one.rule, one.product_id, one.position ?? "", one.why, one.instead ?? ""]);
  const gone = told.left_out.map((one) => [one.product_id, one.why.join("; ")]);
  return make("details", { class: "notes" },
    make("summary", {}, `Rules and what is not there: ${told.rules.length} held, ${pins.length} pins dropped, ${gone.length} products left out`),
    make("p", {}, told.rules.length ? `Held: ${told.rules.join(", ")}.` : "No rule held."),
    make("div", { class: "tables" },
      table("Pins that were dropped", ["Rule", "Product", "Position", "Why", "Instead"], pins),
      table("Products that are not there", ["Product", "Why"], gone),
      table("Keeps that were skipped", ["Rule"], told.skipped_keeps.map((one) => [one])),
      table("Rules that did not hold", ["Rule", "Why"], Object.entries(told.rules_not_active)),
      table("Made from", ["What", "Which"], frozen)));
}

// ---- begin

async function start() {
  look();
  try { await fillForm(); } catch (error) { say(String(error), true); }
}

find("key").value = sessionStorage.getItem(KEY) || "";
find("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, find("key").value.trim());
  say("");
  start();
});
find("forget").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  find("key").value = "";
  find("shelves").replaceChildren();
  say("The key is forgotten.");
});
find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  show().catch((error) => say(String(error), true));
});
setInterval(() => { if (!document.hidden) look(); }, LOOK_SECONDS * 1000);
start();
