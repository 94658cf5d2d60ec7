"use strict";
const PATIENCE_MS = 3000;
const AGAIN_FIRST_MS = 250;
const AGAIN_MOST_MS = 8000;
const SILENT_MS = 2500;
const GONE_SHOWN_MS = 4000;
const EVENTS_MAX = 6;

const at = id => document.getElementById(id);
const number = value => value.toLocaleString("en");
const plural = (count, noun) => number(count) + " " + noun + (count === 1 ? "" : "s");
const mayMove = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

/* Touches nothing that stays the same, so that nobody is told it anew. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return seconds + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  return Math.floor(seconds / 3600) + " h " + Math.floor(seconds / 60) % 60 + " min";
}

/* ---- A WebSocket that comes back by itself ---- */

/* onText(text, isFirst) for each message, onGone(code, again_ms) when the connection has gone and another one will be tried. The
   pauses grow, and none is the same for all pages, so that a server that returns is not met by all of them at once. A connection
   on which nothing comes at first, or for silence_ms (0: for however long), is given up: a hanging worker closes nothing. */
function keepOpen(path, silence_ms, onText, onGone) {
  const link = { socket: null, failures: 0, timer: 0 };
  const pause = () => Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** link.failures) * (0.5 + Math.random() / 2);
  const due = (what, ms) => {
    clearTimeout(link.timer);
    link.timer = ms > 0 ? setTimeout(what, ms) : 0;
  };

  link.open = () => {
    const socket = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + path);
    let isFirst = true;
    link.socket = socket;
    due(link.giveUp, 2 * PATIENCE_MS);
    socket.onmessage = event => {
      link.failures = 0;
      due(link.giveUp, silence_ms);
      onText(event.data, isFirst);
      isFirst = false;
    };
    socket.onclose = event => link.lost(event.code);
  };
  link.lost = code => {
    const again_ms = pause();
    link.failures += 1;
    due(link.open, again_ms);
    onGone(code, again_ms);
  };
  link.giveUp = () => {
    link.socket.onmessage = link.socket.onclose = null;
    link.socket.close();
    link.lost(1006);
  };
  link.isOpen = () => link.socket.readyState === WebSocket.OPEN;
  addEventListener("online", () => { if (link.socket.readyState === WebSocket.CLOSED) link.open(); });
  link.open();
  return link;
}

/* ---- The live view ---- */

const rows = new Map(); /* PID: {item, beats, isLeaving, asked} */
const seen = { generation: 0, gone_ms: 0, view_pid: 0, echo_pid: 0, page_pid: Number(document.body.dataset.pid) };

function tell(text) {
  const item = element("li", "", text);
  const time = element("time", "", new Date().toLocaleTimeString("en-GB"));
  item.prepend(time);
  at("events").prepend(item);
  while (at("events").children.length > EVENTS_MAX) at("events").lastChild.remove();
}

function newRow(pid) {
  const item = document.createElement("li");
  item.dataset.pid = pid;
  const track = element("span", "track", "");
  track.append(element("span", "bar", ""));
  item.append(element("span", "beat", ""), element("span", "pid", pid), track, element("span", "connections", ""),
              element("span", "requests", ""), element("span", "age", ""), element("span", "tags", ""));
  return { item, beats: -1, isLeaving: false, asked: 0 };
}

function stateOf(worker) {
  if (worker.is_leaving) return "leaving";
  return worker.beat_age_ms > SILENT_MS ? "silent" : "";
}

function drawTags(row, worker, state) {
  const tags = [];
  if (state === "leaving") tags.push(element("span", "tag state", "leaving"));
  if (state === "silent") tags.push(element("span", "tag state", "silent for " + duration(worker.beat_age_ms)));
  if (worker.pid === seen.page_pid) tags.push(element("span", "tag", "page"));
  if (worker.pid === seen.view_pid) tags.push(element("span", "tag", "view"));
  if (worker.pid === seen.echo_pid) tags.push(element("span", "tag", "echo"));
  if (row.asked > 0) tags.push(element("span", "tag asked", "you: " + row.asked));
  row.item.querySelector(".tags").replaceChildren(...tags);
}

function pulse(row) {
  if (!mayMove()) return;
  row.item.querySelector(".beat").animate([{ transform: "scale(1.5)" }, { transform: "scale(1)" }], { duration: 600, easing: "ease-out" });
  row.item.querySelector(".bar").animate([{ filter: "brightness(1.5)" }, { filter: "none" }], { duration: 600 });
}

function drawWorker(row, worker, most) {
  const state = stateOf(worker);
  row.item.className = state;
  row.item.querySelector(".bar").style.width = 100 * worker.connections / most + "%";
  row.item.querySelector(".connections").textContent = plural(worker.connections, "connection");
  row.item.querySelector(".requests").textContent = plural(worker.requests, "request");
  row.item.querySelector(".age").textContent = duration(worker.age_ms);
  drawTags(row, worker, state);
  if (row.beats !== worker.beats && row.beats >= 0) pulse(row);
  if (worker.is_leaving && !row.isLeaving) tell("Worker " + worker.pid + " leaves.");
  row.beats = worker.beats;
  row.isLeaving = worker.is_leaving;
}

function dropRow(pid, row) {
  rows.delete(pid);
  row.item.className = "gone";
  row.item.querySelector(".connections").textContent = "";
  row.item.querySelector(".bar").style.width = 0;
  row.item.querySelector(".tags").replaceChildren(element("span", "tag state", "gone"));
  setTimeout(() => row.item.remove(), GONE_SHOWN_MS);
}

/* The rows keep the order of the board: whoever replaces a worker stands in its place. */
function drawWorkers(workers) {
  const most = Math.max(8, ...workers.map(worker => worker.connections));
  const pids = new Set(workers.map(worker => worker.pid));
  for (const [pid, row] of rows) {
    if (pids.has(pid)) continue;
    tell("Worker " + pid + " is gone.");
    dropRow(pid, row);
  }
  const isFirst = rows.size === 0;
  let before = null;
  for (const worker of workers) {
    if (!rows.has(worker.pid)) {
      rows.set(worker.pid, newRow(worker.pid));
      if (!isFirst) tell("Worker " + worker.pid + " has come.");
    }
    const row = rows.get(worker.pid);
    if (before === null ? row.item !== at("workers").firstChild : row.item.previousSibling !== before)
      before === null ? at("workers").prepend(row.item) : before.after(row.item);
    before = row.item;
    drawWorker(row, worker, most);
  }
}

function drawFacts(view) {
  const sum = key => view.workers.reduce((all, worker) => all + worker[key], 0);
  at("now-generation").textContent = number(view.generation);
  at("now-workers").textContent = number(view.workers.length);
  at("now-connections").textContent = number(sum("connections"));
  at("now-requests").textContent = number(sum("requests"));
  at("now-uptime").textContent = duration(view.server_ms);
}

/* Another generation has other workers: those that were there are not missed one by one. */
function changeGeneration(view) {
  const after = seen.gone_ms > 0 ? " " + ((performance.now() - seen.gone_ms) / 1000).toFixed(1) + " s later" : "";
  const text = "Generation " + view.generation + " has taken over from generation " + seen.generation + ".";
  tell(text);
  at("notice").textContent = text + " The connection was closed, and this page found the new workers by itself" + after + ".";
  at("notice").hidden = false;
  for (const [pid, row] of rows) dropRow(pid, row);
  if (mayMove()) at("now-generation").animate([{ color: "var(--alarm)" }, { color: "inherit" }], { duration: 3000 });
}

function showView(text, isFirst) {
  const view = JSON.parse(text);
  if (seen.generation !== 0 && seen.generation !== view.generation) changeGeneration(view);
  seen.generation = view.generation;
  seen.view_pid = view.pid;
  at("live").hidden = false;
  at("live").classList.remove("stale");
  at("live").dataset.generation = view.generation;
  at("link").className = "open";
  setText(at("link"), "Live, over a WebSocket to worker " + view.pid + " of generation " + view.generation + ".");
  if (isFirst) seen.gone_ms = 0;
  drawWorkers(view.workers);
  drawFacts(view);
}

function viewGone(code, again_ms) {
  if (seen.gone_ms === 0) seen.gone_ms = performance.now();
  at("live").classList.add("stale");
  at("link").className = "";
  setText(at("link"), (code === 1001 ? "The worker leaves and has closed the connection (1001)." : "The connection is gone (" + code + ").") +
    " Another one is tried in " + (again_ms / 1000).toFixed(1) + " s.");
}

/* ---- Asking ---- */

/* fetch() that gives up: a hanging worker keeps its connections open. */
async function get(path, method, patience) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), patience);
  try {
    const answer = await fetch(path, { method, cache: "no-store", signal: control.signal });
    return await answer.text();
  } finally {
    clearTimeout(timer);
  }
}

let asked = 0;

/* The PID of whoever answered; null for nobody. */
async function ask() {
  try {
    const who = JSON.parse(await get("/who?" + ++asked, "GET", PATIENCE_MS));
    if (rows.has(who.pid)) rows.get(who.pid).asked += 1;
    return who.pid;
  } catch {
    return null;
  }
}

async function askSix() {
  const pids = await Promise.all(Array.from({ length: 6 }, ask));
  const counts = new Map();
  for (const pid of pids.filter(pid => pid !== null)) counts.set(pid, (counts.get(pid) || 0) + 1);
  const lost = pids.filter(pid => pid === null).length;
  at("answers").textContent = "Answers: " + [...counts].map(([pid, count]) => count + " from worker " + pid).join(", ") +
    (lost > 0 ? ", and " + plural(lost, "question") + " without any" : "") + ".";
}

/* ---- What a person can try ---- */

const tries = {
  async slow(show) {
    const began = performance.now();
    show("Waiting ...");
    const text = await get("/slow?s=2", "GET", 60000);
    show('"' + text + '" came after ' + ((performance.now() - began) / 1000).toFixed(1) + " s.");
  },
  count: countAloud,
  upload: sendFile,
  crash: show => breakOne("/crash", show),
  spin: show => breakOne("/spin", show),
};

/* Reads the answer as it comes; each line of it is a number. */
async function countAloud(show) {
  const live = at("counted");
  const began = performance.now();
  const answer = await fetch("/count?to=20", { cache: "no-store" });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", parts = 0;
  show("Listening ...");
  live.hidden = false;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts += 1;
    text += part.value;
    live.textContent = text.trim().split("\n").pop();
  }
  show("The answer came in " + plural(parts, "part") + ", in " + ((performance.now() - began) / 1000).toFixed(1) + " s.");
}

/* XMLHttpRequest, for fetch() does not tell how much has been sent. */
function sendFile(show, form) {
  const file = form.elements.file.files[0];
  const progress = at("sent");
  const question = new XMLHttpRequest();
  progress.value = 0;
  progress.hidden = false;
  show("Sending " + file.size + " bytes ...");
  question.upload.onprogress = event => { progress.value = event.total > 0 ? event.loaded / event.total : 1; };
  return new Promise(done => {
    question.onload = () => { show(question.responseText.trim()); done(); };
    question.onerror = () => { show("The connection broke off. Is the file larger than message_max?"); done(); };
    question.open("POST", "/upload");
    question.send(file);
  });
}

async function breakOne(path, show) {
  show((await get(path, "POST", PATIENCE_MS)).trim() + " Watch the list above.");
}

document.querySelectorAll("form[data-try]").forEach(form => form.addEventListener("submit", async event => {
  event.preventDefault();
  const button = form.querySelector("button");
  const show = text => { form.querySelector(".outcome").textContent = text; };
  button.disabled = true;
  try {
    await tries[form.dataset.try](show, form);
  } catch {
    show("No answer: this worker may just have gone. Try again.");
  }
  button.disabled = false;
}));

/* ---- The live echo ---- */

const echo = { form: document.querySelector("form[data-live]"), said_ms: 0, timer: 0 };

function showEcho(text, isOpen) {
  echo.form.querySelector(".outcome").textContent = text;
  echo.form.querySelector("button").disabled = !isOpen;
}

/* The first message says who is there, each other one is what was said. */
function hear(text, isFirst) {
  if (isFirst) {
    seen.echo_pid = Number(text.match(/\d+/)[0]);
    showEcho(text, true);
    return;
  }
  clearTimeout(echo.timer);
  at("heard").textContent = text;
  showEcho("Came back from worker " + seen.echo_pid + " after " + (performance.now() - echo.said_ms).toFixed(1) + " ms.", true);
}

function echoGone(code, again_ms) {
  clearTimeout(echo.timer);
  seen.echo_pid = 0;
  showEcho("The connection was closed with " + code + "; another one is opened in " + (again_ms / 1000).toFixed(1) + " s.", false);
}

function say(event) {
  event.preventDefault();
  if (!echo_link.isOpen()) return;
  echo.said_ms = performance.now();
  echo_link.socket.send(echo.form.elements.said.value);
  echo.form.elements.said.value = "";
  clearTimeout(echo.timer);
  echo.timer = setTimeout(echo_link.giveUp, PATIENCE_MS);
}

echo.form.hidden = false;
echo.form.onsubmit = say;
at("ask").addEventListener("click", askSix);
at("ask").hidden = false;
at("live").hidden = false;
const view_link = keepOpen("/workers", 2 * PATIENCE_MS, showView, viewGone);
const echo_link = keepOpen("/live", 0, hear, echoGone);
