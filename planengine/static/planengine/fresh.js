"use strict";
// Keeps the part of a page that is marked `data-fresh="seconds"` as it is on a page that is loaded anew: while it is
// marked, while the page is looked at, and while its switch is on. What is open, scrolled or focused stays so.
{
  const part = document.querySelector("[data-fresh]");
  const control = document.getElementById("fresh");
  const box = document.getElementById("fresh-switch");
  const said = document.getElementById("fresh-said");
  const chosen = "fresh " + location.pathname;
  const REACHED = "a[href], button, input, select, summary, [tabindex]";

  // By what they are, for rows come and go.
  function named(kind) {
    const seen = {};
    const found = {};
    for (const each of part.querySelectorAll(kind)) {
      const name = each.nodeName + (each.id || each.getAttribute("href") || each.getAttribute("aria-label") || each.textContent);
      seen[name] = (seen[name] || 0) + 1;
      found[name + seen[name]] = each;
    }
    return found;
  }

  function renew(fresh) {
    const reached = part.contains(document.activeElement);
    const [focused] = Object.entries(named(REACHED)).find(([, each]) => each === document.activeElement) || [];
    const open = Object.entries(named("summary")).map(([name, each]) => [name, each.parentNode.open]);
    const boxes = [...part.querySelectorAll(".orra-scroll")].map((each) => [each.scrollLeft, each.scrollTop]);
    const scrolled = [scrollX, scrollY];
    part.style.minHeight = part.offsetHeight + "px"; // else the page jumps while plots are drawn
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
    document.dispatchEvent(new Event("orra:fresh"));
    part.style.minHeight = "";
    const summaries = named("summary");
    for (const [name, was] of open) if (summaries[name]) summaries[name].parentNode.open = was;
    part.querySelectorAll(".orra-scroll").forEach((each, number) => boxes[number] && each.scrollTo(...boxes[number]));
    // Where what had the focus is gone, the Tab key goes on from the part's beginning, not from the page's.
    if (reached) {
      const again = named(REACHED)[focused] || part;
      if (again === part) part.tabIndex = -1;
      again.focus({ preventScroll: true });
    }
    scrollTo(...scrolled);
  }

  // Said again only when it is news: screen readers read it out.
  function say(words, fault) {
    if (said.textContent !== words) said.textContent = words;
    said.classList.toggle("visually-hidden", !fault);
  }

  async function refresh() {
    // Text that is marked to be copied stays.
    if (!box.checked || document.hidden || !getSelection().isCollapsed) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part.id);
      if (!answer.ok || !fresh) throw new Error(answer.redirected ? "signed out: load the page again" : "status " + answer.status);
      if (!box.checked) return;
      renew(fresh);
      say(part.querySelector("[data-told]")?.textContent.trim() || "", false);
      if (!fresh.dataset.fresh) {
        clearInterval(timer);
        control.hidden = true;
      }
    } catch (error) {
      say("Not fresh: " + error.message, true);
    }
  }

  let timer = 0;
  if (part) {
    control.hidden = false;
    if (sessionStorage[chosen]) box.checked = sessionStorage[chosen] === "on";
    box.addEventListener("change", () => {
      sessionStorage[chosen] = box.checked ? "on" : "off";
      say(box.checked ? "" : "Paused", false);
      refresh();
    });
    timer = setInterval(refresh, 1000 * Number(part.dataset.fresh));
    // For tests, and for who does not want to wait.
    document.addEventListener("orra:refresh", refresh);
  }
}
