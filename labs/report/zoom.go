package report

// zoom is the page's only script: it makes the timelines of single runs wider.
// Without it they are shown whole, and every value is in the table below them.
const zoom = `"use strict";
for (const details of document.querySelectorAll("details.run")) {
  details.addEventListener("toggle", () => {
    const plot = details.querySelector("svg.timeline");
    if (plot) zoomable(plot);
  }, { once: true });
}

function zoomable(plot) {
  const first = Number(plot.dataset.low), last = Number(plot.dataset.high);
  const inner = plot.querySelector("svg"), width = Number(inner.getAttribute("width"));
  const edge = 6; // room for the marks at both ends
  const axis = inner.querySelector(".axis"), bottom = Number(inner.getAttribute("height"));
  let low = first, high = last;

  const place = t => edge + (t - low) / (high - low) * (width - 2 * edge);

  function show(from, to) {
    const length = Math.min(Math.max(to - from, (last - first) / 10000), last - first);
    low = Math.min(Math.max(from, first), last - length);
    high = low + length;
    for (const mark of inner.querySelectorAll("[data-a]")) {
      const a = place(Number(mark.dataset.a));
      if (mark.tagName === "circle") {
        mark.setAttribute("cx", a);
      } else {
        mark.setAttribute("x", a);
        mark.setAttribute("width", Math.max(place(Number(mark.dataset.b)) - a, 1));
      }
    }
    drawAxis(length);
    told.textContent = low.toFixed(3) + " s to " + high.toFixed(3) + " s";
  }

  function drawAxis(length) {
    const power = Math.pow(10, Math.floor(Math.log10(length / 8)));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= length / 8);
    const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    axis.replaceChildren();
    for (let t = Math.ceil(low / step) * step; t <= high; t += step) {
      const line = shape("line", { class: "grid", x1: place(t), x2: place(t), y1: 22, y2: bottom });
      const text = shape("text", { class: "tick", x: place(t), y: 14, "text-anchor": "middle" });
      text.textContent = t.toFixed(decimals);
      axis.append(line, text);
    }
  }

  function shape(name, attributes) {
    const element = document.createElementNS(plot.namespaceURI, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return element;
  }

  const middle = () => (low + high) / 2;
  const scale = (factor, around) => show(around - (around - low) * factor, around + (high - around) * factor);
  const move = share => show(low + (high - low) * share, high + (high - low) * share);
  const actions = [
    ["+", "zoom in", () => scale(0.5, middle())],
    ["\u2212", "zoom out", () => scale(2, middle())],
    ["\u2190", "earlier", () => move(-0.5)],
    ["\u2192", "later", () => move(0.5)],
    ["whole", "show the whole run", () => show(first, last)],
  ];
  const bar = document.createElement("p");
  bar.className = "zoom";
  for (const [text, label, action] of actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", action);
    bar.append(button);
  }
  const told = document.createElement("output");
  bar.append(told);
  plot.after(bar);

  const timeAt = event => {
    const box = plot.getBoundingClientRect(), view = plot.viewBox.baseVal.width;
    const x = (event.clientX - box.left) / box.width * view - Number(inner.getAttribute("x"));
    return low + Math.min(Math.max((x - edge) / (width - 2 * edge), 0), 1) * (high - low);
  };
  let from = null;
  plot.addEventListener("pointerdown", event => { from = timeAt(event); });
  plot.addEventListener("pointerup", event => {
    const to = timeAt(event);
    if (from !== null && Math.abs(to - from) > (high - low) / 100) show(Math.min(from, to), Math.max(from, to));
    from = null;
  });
  plot.addEventListener("dblclick", () => show(first, last));
  show(first, last);
}
`
