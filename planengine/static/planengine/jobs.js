// Brings the progress of a job up to date while it is open. Without this the page reloads itself.
"use strict";
{
  const EVERY = 2000;
  const refresh = async () => {
    const shown = document.getElementById("job");
    if (shown === null || !("open" in shown.dataset)) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("job");
        if (fresh !== null) shown.replaceWith(fresh);
        if (fresh !== null && !("open" in fresh.dataset)) return location.reload();
      }
    } catch { /* the server is away for a moment: it is asked again */ }
    setTimeout(refresh, EVERY);
  };
  setTimeout(refresh, EVERY);
}
