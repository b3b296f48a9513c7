import { escaped } from "./escaped.ts";
import type { JobLife } from "./jobLife.ts";

/** Sizes in pixels of a drawing as wide as a phone. */
const BOX = { width: 96, height: 34 } as const;
const STEP = { x: 124, y: 92 } as const;
const MARGIN = 12;

/** A state with the centre of its box. */
interface Placed {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Draws a life from top to bottom: each state below those that lead to it, final states beside one another. */
export function jobLifeSvg(life: JobLife, title: string): string {
  const placed = place(life);
  const right = Math.max(...placed.map(({ x }) => x)) + BOX.width / 2 + MARGIN;
  const bottom = Math.max(...placed.map(({ y }) => y)) + BOX.height / 2 + MARGIN;
  const isFinal = (name: string) => life.transitions.every(({ from }) => from !== name);
  return [
    `<svg viewBox="0 0 ${right} ${bottom}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    ...edgesOf(life).map(({ from, to, calls }) => edge(at(placed, from), at(placed, to), calls.join(", "))),
    ...placed.map((state) => box(state, isFinal(state.name))),
    "</svg>",
  ].join("\n");
}

const at = (placed: readonly Placed[], name: string): Placed => placed.find((state) => state.name === name)!;

/** Moves that connect the same states are one line with the names of all calls. */
function edgesOf({ transitions }: JobLife): { from: string; to: string; calls: readonly string[] }[] {
  const pairs = [...new Set(transitions.map(({ from, to }) => `${from} ${to}`))];
  return pairs.map((pair) => {
    const [from, to] = pair.split(" ");
    const own = transitions.filter((move) => move.from === from && move.to === to);
    return { from, to, calls: [...new Set(own.map(({ call }) => call))] };
  });
}

function place(life: JobLife): Placed[] {
  const { states, transitions } = life;
  const level = levelsOf(life);
  const deepest = Math.max(...level.values());
  const taken = new Map<number, number>();
  const columnOf = (name: string): number => {
    const final = transitions.every(({ from }) => from !== name);
    // A way that ends early stands aside, on the left.
    if (final && level.get(name)! < deepest && transitions.some(({ from }) => level.get(from) === level.get(name)))
      return 0;
    const column = (taken.get(level.get(name)!) ?? 0) + 1;
    taken.set(level.get(name)!, column);
    return column;
  };
  const left = MARGIN + BOX.width / 2;
  const top = MARGIN + BOX.height / 2;
  return states.map((name) => ({
    name,
    x: left + columnOf(name) * STEP.x,
    y: top + level.get(name)! * STEP.y,
  }));
}

/** The length of the longest way to a state; ends that are reached from the same states stand on one level. */
function levelsOf({ states, transitions }: JobLife): Map<string, number> {
  const level = new Map(states.map((name) => [name, 0]));
  // No way is longer than there are states.
  for (const _ of states) {
    for (const { from, to } of transitions) level.set(to, Math.max(level.get(to)!, level.get(from)! + 1));
  }
  return level;
}

function box({ name, x, y }: Placed, isFinal: boolean): string {
  const [left, top] = [x - BOX.width / 2, y - BOX.height / 2];
  const frame = `<rect x="${left}" y="${top}" width="${BOX.width}" height="${BOX.height}" rx="8" class="${isFinal ? "final" : "state"}"/>`;
  return `<g>${frame}<text x="${x}" y="${y + 5}" class="name">${escaped(name)}</text></g>`;
}

/** An arrow; one that passes by another state bends around it. */
function edge(from: Placed, to: Placed, label: string): string {
  const start = [from.x, from.y + BOX.height / 2];
  const end = [to.x, to.y - BOX.height / 2 - 7];
  const passes = to.y - from.y > STEP.y && to.x !== from.x;
  const corner = [to.x, from.y];
  const path = passes
    ? `M${from.x + BOX.width / 2} ${from.y}Q${corner.join(" ")} ${end.join(" ")}`
    : `M${start.join(" ")}L${end.join(" ")}`;
  // Beyond the middle of a slanting line, clear of what stands beside a straight one.
  const along = to.x === from.x ? 1 / 2 : 2 / 3;
  const between = [0, 1].map((axis) => start[axis] + (end[axis] - start[axis]) * along);
  const [labelX, labelY] = passes ? [to.x - 6, from.y + STEP.y / 2] : between.map(Math.round);
  const head = `M${end[0] - 5} ${end[1]}h10l-5 7z`;
  return `<path d="${path}" class="way"/><path d="${head}" class="head"/><text x="${labelX}" y="${labelY + 4}" class="call">${escaped(label)}</text>`;
}
