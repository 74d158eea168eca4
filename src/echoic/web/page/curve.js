/** Accuracy and loss of a training, drawn as they come. */

import { Drawing, colour } from "./canvas.js";

const HEIGHT = 150;
const LINES = [
  { name: "dev_accuracy", label: "accuracy", tint: "accent", percent: true },
  { name: "dev_loss", label: "loss", tint: "warm" },
];

export class Curve {
  constructor() {
    this.evaluations = [];
    this.drawing = new Drawing("Accuracy and loss on held-out examples", HEIGHT, (...place) => this.draw(...place));
    this.root = this.drawing.canvas;
  }

  show(evaluations) {
    const key = `${evaluations.length} ${evaluations.at(-1)?.step}`;
    if (key === this.key) return;
    Object.assign(this, { evaluations, key });
    this.drawing.changed();
  }

  draw(context, width, height) {
    const box = { x: 48, y: 22, width: width - 58, height: height - 44 };
    context.fillStyle = colour("sunken");
    context.fillRect(box.x, box.y, box.width, box.height);
    this.drawTicks(context, box);
    const last_step = Math.max(1, ...this.evaluations.map(({ step }) => step));
    LINES.forEach((line, place) => {
      const points = this.evaluations.filter((one) => one[line.name] !== undefined);
      if (!points.length) return;
      const most = line.percent ? 1 : Math.max(...points.map((one) => one[line.name]));
      const x = ({ step }) => box.x + (box.width * step) / last_step;
      const y = (one) => box.y + box.height * (1 - one[line.name] / (most || 1));
      context.strokeStyle = context.fillStyle = colour(line.tint);
      context.lineWidth = 2;
      context.beginPath();
      points.forEach((one) => context.lineTo(x(one), y(one)));
      context.stroke();
      const end = points.at(-1);
      context.fillRect(x(end) - 3, y(end) - 3, 6, 6);
      const value = line.percent ? `${Math.round(100 * end[line.name])} %` : end[line.name].toFixed(2);
      context.textAlign = "left";
      context.textBaseline = "alphabetic";
      context.fillText(`${line.label} ${value}`, box.x + place * Math.min(130, box.width / 2), 14);
    });
  }

  drawTicks(context, { x, y, width, height }) {
    context.fillStyle = colour("quiet");
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const share of [0, 0.5, 1]) context.fillText(`${100 * share} %`, x - 6, y + height * (1 - share));
    context.textBaseline = "top";
    context.fillText("steps of training →", x + width, y + height + 6);
  }
}
