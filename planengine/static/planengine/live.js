// A switch that has the list show what is new, every five seconds, for as long as nothing is chosen in it.
const SECONDS = 5;
const results = () => document.querySelector("#changelist-form .results");

async function refresh() {
  if (document.hidden || document.querySelector("#changelist-form .action-select:checked")) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = fresh.querySelector("#changelist-form .results");
  if (answer.ok && found && results()) results().replaceWith(document.adoptNode(found));
  state.textContent = answer.ok && found ? ` as of ${new Date().toISOString().slice(11, 19)}` : " not refreshed";
}

const label = document.createElement("label");
const box = document.createElement("input");
const state = document.createElement("span");
box.type = "checkbox";
box.id = "live-list";
label.className = "orra-live-list";
label.htmlFor = box.id;
state.setAttribute("role", "status");
label.append(box, ` Live list, every ${SECONDS} s`, state);
document.querySelector("#changelist")?.before(label);

let timer = null;
function turn(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => refresh().catch(() => (state.textContent = " not refreshed")), SECONDS * 1000) : null;
  sessionStorage.setItem("live-list", on ? "on" : "");
  if (!on) state.textContent = "";
}
box.addEventListener("change", () => turn(box.checked));
box.checked = sessionStorage.getItem("live-list") === "on";
turn(box.checked);
