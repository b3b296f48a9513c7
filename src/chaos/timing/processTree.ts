import { readdirSync, readFileSync } from "node:fs";

/** Bytes in a page of memory, as /proc counts. */
const PAGE = 4_096;

/** Resident memory of a process and all that it started, in bytes, as Linux tells it; shared pages count in each. */
export function residentBytes(pid: number): number {
  const children = childrenByParent();
  const sum = (id: number): number =>
    residentOf(id) + (children.get(id) ?? []).reduce((all, child) => all + sum(child), 0);
  return sum(pid);
}

/** 0 for a process that is gone. */
function residentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE;
  } catch {
    return 0;
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function parentOf(pid: number): number | undefined {
  try {
    // The command's name stands in parentheses and may hold anything.
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Looks at a process's memory until it is stopped. */
export class MemoryWatch {
  readonly samples: { readonly second: number; readonly bytes: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number, milliseconds = 500) {
    const start = performance.now();
    const look = () =>
      void this.samples.push({ second: (performance.now() - start) / 1000, bytes: residentBytes(pid) });
    look();
    this.#timer = setInterval(look, milliseconds);
  }

  get highest(): number {
    return Math.max(...this.samples.map(({ bytes }) => bytes));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
