// Shows what a graph tells of the task or arrow that is pointed at or focused. Without it, every task has a panel to
// be opened below the graph.
for (const graph of document.querySelectorAll(".orra-graph")) {
  const panels = graph.querySelector(".orra-panels");
  const marked = (event) => event.target.closest("[data-opens]");
  let kept = graph.querySelector(".orra-node");

  const show = (mark) => {
    const wanted = mark ? mark.dataset.opens.split(" ") : [];
    for (const panel of panels.children) panel.open = wanted.includes(panel.id);
    for (const node of graph.querySelectorAll(".orra-node")) {
      node.classList.toggle("orra-on", wanted.includes(node.dataset.opens));
    }
  };

  panels.classList.add("orra-live");
  show(kept);
  const box = graph.querySelector(".orra-graph-scroll");
  const hint = () => graph.classList.toggle("orra-cut-off", box.scrollWidth > box.clientWidth + 1);
  new ResizeObserver(hint).observe(box);
  graph.addEventListener("mouseover", (event) => {
    if (marked(event)) show(marked(event));
    else if (event.target.closest("svg")) show(kept);
  });
  graph.addEventListener("focusin", (event) => {
    if (!marked(event)) return;
    kept = marked(event);
    show(kept);
  });
  graph.addEventListener("click", (event) => {
    if (!marked(event)) return;
    event.preventDefault();
    kept = marked(event);
    show(kept);
  });
}
