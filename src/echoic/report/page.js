"use strict";
// Draws each plot when it is scrolled into view, in the reader's colour scheme.
const palettes = PALETTES;
const dark = matchMedia("(prefers-color-scheme: dark)");
const touch = matchMedia("(pointer: coarse), (max-width: 40rem)").matches;
const plots = new Map();

function translucent(colour, alpha) {
  const part = (at) => parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${part(1)},${part(3)},${part(5)},${alpha})`;
}

function coloured(trace, palette) {
  const colour = palette[trace.meta.colour];
  const shown = { ...trace, marker: { ...trace.marker, color: colour } };
  if (trace.type === "scatter") shown.line = { ...trace.line, color: colour };
  if (trace.fill) shown.fillcolor = translucent(colour, trace.meta.alpha);
  return shown;
}

function draw(element) {
  const { data, layout } = plots.get(element);
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink"), rule = style.getPropertyValue("--rule");
  const axis = { gridcolor: rule, linecolor: rule, zeroline: false, automargin: true };
  Plotly.react(element, data.map((trace) => coloured(trace, palettes[dark.matches ? "dark" : "light"])), {
    showlegend: layout.showlegend,
    xaxis: { ...axis, ...layout.xaxis, title: { ...layout.xaxis.title, standoff: 6 } },
    yaxis: { ...axis, ...layout.yaxis, title: { ...layout.yaxis.title, standoff: 6 } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    margin: { l: 10, r: 10, t: 10, b: 10 },
    hovermode: "closest",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: rule, activecolor: ink },
    bargap: 0,
    // On touch screens dragging on a plot scrolls the page.
    dragmode: touch ? false : "zoom",
    font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: 12 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
  }, {
    responsive: true,
    displaylogo: false,
    displayModeBar: touch ? false : "hover",
    // Plotly's default buttons include one that sends the data to a server.
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    plotlyServerURL: "",
  });
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "600px" });

for (const element of document.querySelectorAll(".plot")) {
  plots.set(element, JSON.parse(element.querySelector("script").textContent));
  element.replaceChildren();
  near.observe(element);
}
const drawAll = () => plots.forEach((_, element) => draw(element));
dark.addEventListener("change", drawAll);
addEventListener("beforeprint", drawAll);
