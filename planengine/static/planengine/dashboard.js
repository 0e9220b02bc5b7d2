"use strict";
// Draws the dashboard's plots. Without it the same figures stand in a table.
(() => {
  const HEIGHT = 230;
  let plots = [];

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function percent(value) {
    if (value === null || value === undefined) return "–";
    return (100 * value).toFixed(value > 0 && value < 0.1 ? 2 : 1) + " %";
  }

  function duration(value) {
    if (value === null || value === undefined) return "–";
    if (value < 1) return Number((1000 * value).toPrecision(2)) + " ms";
    return value < 120 ? Number(value.toPrecision(2)) + " s" : Math.round(value / 60) + " min";
  }

  function axis(more) {
    const grid = { stroke: css("--hairline-color"), width: 1 };
    return { stroke: css("--body-quiet-color"), grid, ticks: grid, font: "11px sans-serif", ...more };
  }

  function line(label, colour, value, more) {
    return { label, stroke: css(colour), width: 2, value: (_, v) => value(v), spanGaps: true, points: { size: 5 }, ...more };
  }

  // [id, series, data by name, scales, axes, more]
  function drawings(series) {
    const count = (v) => (v === null || v === undefined ? "–" : v.toLocaleString("en"));
    const bars = uPlot.paths.bars({ size: [0.8, 24] });
    const tolerated = series.tolerance === null ? [] : [series.moments.map(() => series.tolerance)];
    // The interval of the first few checks is wide, and would press all else down.
    const last = series.wrong_high.filter((v) => v !== null).slice(-1);
    const most = Math.max(0.01, 3 * (series.tolerance || 0), ...series.wrong.map((v) => 1.5 * v), ...last.map((v) => 1.5 * v));
    return [
      {
        id: "plot-rate",
        data: [series.requests, series.hit_rate],
        series: [
          { label: "plans", scale: "n", paths: bars, fill: css("--plot-bars"), stroke: css("--plot-bars"), points: { show: false }, value: (_, v) => count(v) },
          line("hit rate", "--plot-1", percent, { scale: "share" }),
        ],
        scales: { share: { range: [0, 1] }, n: { range: (_, low, high) => [0, Math.max(1, high)] } },
        axes: [
          axis({ scale: "share", size: 50, values: (_, ticks) => ticks.map((v) => Math.round(100 * v) + " %") }),
          axis({ scale: "n", side: 1, size: 46, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6], values: (_, ticks) => ticks.map(count) }),
        ],
      },
      {
        id: "plot-times",
        data: [series.hits_p50, series.hits_p95, series.planned_p50, series.planned_p95],
        series: [
          line("hits p50", "--plot-1", duration, { scale: "time" }),
          line("hits p95", "--plot-1", duration, { scale: "time", dash: [5, 4] }),
          line("planned p50", "--plot-2", duration, { scale: "time" }),
          line("planned p95", "--plot-2", duration, { scale: "time", dash: [5, 4] }),
        ],
        scales: { time: { distr: 3 } },
        axes: [axis({ scale: "time", size: 58, values: (_, ticks) => ticks.map((v) => (v === null || Math.abs(Math.log10(v) % 1) > 1e-6 ? "" : duration(v))) })],
      },
      {
        id: "plot-wrong",
        data: [series.wrong_high, series.wrong_low, series.wrong, ...tolerated],
        series: [
          line("at most", "--plot-band", percent, { scale: "wrong", width: 1, points: { show: false } }),
          line("at least", "--plot-band", percent, { scale: "wrong", width: 1, points: { show: false } }),
          line("wrong", "--plot-3", percent, { scale: "wrong" }),
          ...tolerated.map(() => line("tolerated", "--plot-limit", percent, { scale: "wrong", dash: [8, 4], points: { show: false } })),
        ],
        bands: [{ series: [1, 2], fill: css("--plot-band") }],
        scales: { wrong: { range: [0, Math.min(1, most)] } },
        axes: [axis({ scale: "wrong", size: 50, values: (_, ticks) => ticks.map((v) => Number((100 * v).toFixed(2)) + " %") })],
        empty: series.wrong.every((v) => v === null) && "No hit was checked in this time.",
      },
    ];
  }

  function moment(series) {
    const short = series.slot_seconds < 3600 || series.moments.length < 30;
    const time = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "UTC" };
    const format = new Intl.DateTimeFormat("en-GB", short ? time : { day: "numeric", month: "short", timeZone: "UTC" });
    return (seconds) => format.format(new Date(1000 * seconds));
  }

  function draw() {
    plots.forEach((plot) => plot.destroy());
    plots = [];
    const source = document.getElementById("series");
    const room = document.getElementById("plots");
    if (!source || !room || !window.uPlot) return;
    room.hidden = false;
    const series = JSON.parse(source.textContent);
    const told = moment(series);
    for (const drawing of drawings(series)) {
      const place = document.getElementById(drawing.id);
      place.replaceChildren();
      if (drawing.empty) {
        const words = document.createElement("p");
        words.className = "u-empty";
        words.textContent = drawing.empty;
        place.append(words);
        continue;
      }
      const options = {
        width: Math.max(200, place.clientWidth),
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), "UTC"),
        scales: { x: { time: true }, ...drawing.scales },
        axes: [axis({ values: (_, ticks) => ticks.map(told), space: 60 }), ...drawing.axes],
        series: [{ label: "from", value: (_, v) => (v === null || v === undefined ? "–" : new Date(1000 * v).toISOString().slice(5, 16).replace("T", " ")) }, ...drawing.series],
        bands: drawing.bands || [],
        cursor: { drag: { x: false, y: false } },
      };
      plots.push(new uPlot(options, [series.moments, ...drawing.data], place));
    }
  }

  if (document.getElementById("dashboard")) {
    draw();
    document.addEventListener("orra:fresh", draw);
    let waiting = 0;
    const again = () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); };
    addEventListener("resize", again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }
})();
