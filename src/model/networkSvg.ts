import type { LayerReport, ModelReport } from "./reportModel.ts";

/** Sizes in pixels. */
const BOX = { width: 232, height: 62, gapX: 24, gapY: 34, margin: 16 } as const;

/** A layer with the place of its box. */
interface Placed {
  readonly layer: LayerReport;
  readonly x: number;
  readonly y: number;
}

/**
 * Draws a program as an SVG: a box a layer with its kernel, shape, width, constraints and greatest error, inputs on top.
 * The more of all constraints a layer takes, the darker its box.
 */
export function networkSvg({ layers }: Pick<ModelReport, "layers">, title: string): string {
  const placed = place(layers);
  const total = layers.reduce((sum, { constraints }) => sum + constraints, 0);
  const width = Math.max(...placed.map(({ x }) => x)) + BOX.width + BOX.margin;
  const height = Math.max(...placed.map(({ y }) => y)) + BOX.height + BOX.margin;
  const at = new Map(placed.map((box) => [box.layer.name, box]));
  const edges = placed.flatMap((box) => box.layer.operands.flatMap((operand) => edge(at.get(operand), box)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    ...edges,
    ...placed.map((box) => boxOf(box, total)),
    "</svg>",
    "",
  ].join("\n");
}

/** A layer stands one row below the lowest that it reads. */
function place(layers: readonly LayerReport[]): Placed[] {
  const rows = new Map<string, number>();
  const taken: number[] = [];
  return layers.map((layer) => {
    const row = layer.operands.reduce((lowest, operand) => Math.max(lowest, (rows.get(operand) ?? -1) + 1), 0);
    rows.set(layer.name, row);
    const column = (taken[row] = (taken[row] ?? -1) + 1);
    return {
      layer,
      x: BOX.margin + column * (BOX.width + BOX.gapX),
      y: BOX.margin + row * (BOX.height + BOX.gapY),
    };
  });
}

function edge(from: Placed | undefined, to: Placed): string[] {
  if (from === undefined) return [];
  const [x1, y1] = [from.x + BOX.width / 2, from.y + BOX.height];
  const [x2, y2] = [to.x + BOX.width / 2, to.y];
  return [`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#888"/>`];
}

function boxOf({ layer, x, y }: Placed, total: number): string {
  const share = total === 0 ? 0 : layer.constraints / total;
  const fill = `hsl(210 60% ${Math.round(97 - 37 * share)}%)`;
  const error = layer.error === null ? "" : ` · error ${(layer.error.max * 100).toFixed(2)} %`;
  const lines = [
    `${layer.name} · ${layer.kernel}`,
    `${layer.shape.join("×")} · ${layer.bits} bits`,
    `${layer.constraints.toLocaleString("en-US")} constraints${error}`,
  ];
  const texts = lines.map(
    (line, index) =>
      `<text x="${x + 8}" y="${y + 18 + 18 * index}"${index === 0 ? ' font-weight="bold"' : ""}>${escaped(shortened(line))}</text>`,
  );
  const frame = `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="${fill}" stroke="#456"/>`;
  return `<g>${frame}${texts.join("")}</g>`;
}

const shortened = (line: string): string => (line.length > 36 ? `${line.slice(0, 35)}…` : line);

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
