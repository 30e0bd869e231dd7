// Draws each table of a trend as a chart above it. Without it, or without ECharts, the tables
// stand there open: the chart says nothing they do not.
"use strict";

const COLOURS = ["--deed", "--late", "--series-3", "--series-4"];
const LINES = ["solid", "dashed", "dotted", "solid"];
const SIGNS = ["circle", "triangle", "rect", "diamond"];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const words = (cell) => cell.innerText.replace(/\s+/g, " ").trim();

function read(figure) {
  const table = figure.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.querySelector("span").innerText);
  const series = names
    .map((name, column) => ({ name, data: rows.map((row) => row.cells[column + 1].dataset.value ?? null) }))
    .filter(({ data }) => data.some((value) => value !== null));
  return { days: rows.map((row) => words(row.cells[0])), series };
}

function option(figure) {
  const { days, series } = read(figure), kind = figure.dataset.chart;
  const axis = { axisLine: { lineStyle: { color: colour("--soft") } }, axisLabel: { color: colour("--ink"), fontSize: 14 } };
  return {
    animation: false,
    color: COLOURS.map(colour),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, decal: { show: kind === "bar" } },
    grid: { left: 8, right: 16, top: 40, bottom: 60, containLabel: true },
    legend: { bottom: 0, textStyle: { color: colour("--ink"), fontSize: 14 } },
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "category", data: days, ...axis },
    yAxis: { type: "value", name: figure.dataset.unit, minInterval: kind === "bar" ? 1 : undefined,
      nameTextStyle: { color: colour("--ink"), fontSize: 14 }, splitLine: { lineStyle: { color: colour("--line") } }, ...axis },
    series: series.map(({ name, data }, n) => ({
      name, data, type: kind, symbol: SIGNS[n], symbolSize: 9, connectNulls: true, lineStyle: { width: 3, type: LINES[n] },
    })),
  };
}

const charts = [];
for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const place = document.createElement("div");
  place.className = "drawing";
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", words(figure.querySelector("figcaption")));
  figure.querySelector("figcaption").after(place);
  const shown = option(figure);
  figure.querySelector("details").open = false;
  if (!shown.series.length) { place.remove(); figure.querySelector("details").open = true; continue; }
  const chart = echarts.init(place);
  chart.setOption(shown);
  place.setAttribute("aria-label", words(figure.querySelector("figcaption")));
  charts.push([chart, figure]);
}
addEventListener("resize", () => charts.forEach(([chart]) => chart.resize()));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(([chart, figure]) => chart.setOption(option(figure))));
