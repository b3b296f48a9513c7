/** A call that moves a job from one state to another. */
export interface Transition {
  readonly from: string;
  readonly call: string;
  /** Who calls, and with what. */
  readonly by: string;
  /** When it is allowed. */
  readonly when: string;
  readonly to: string;
}

/** States and transitions of a job of one kind; the first state is that before it was opened. */
export interface JobLife {
  readonly states: readonly string[];
  readonly transitions: readonly Transition[];
}

/** The members of `enum JobState` in the text of contracts/types/Job.sol. */
export function jobStates(solidity: string): string[] {
  const body = solidity.match(/enum JobState \{([^}]*)\}/)?.[1];
  if (body === undefined) throw new Error("contracts/types/Job.sol: there is no enum JobState");
  return body.split(",").map((name) => name.trim());
}

/**
 * The life of a job with or without a bond: `states` as the contract has them, moves as the table of states in ADR-0001
 * has them. Throws an Error where the table names another state, or has no row for one of the contract's.
 */
export function jobLife(states: readonly string[], adr: string, bonded: boolean): JobLife {
  const rows = tableAfter(adr, /^\| state +\| call/m);
  const moves = rows.flatMap(([place, call, when, to]) =>
    statesIn(place)
      .filter(() => appliesTo(place, bonded))
      .map((from) => ({ from, ...callAndCaller(call), when: whenOf(when, bonded), to })),
  );
  const transitions = moves.filter(({ from }) => bonded || from !== "Accepted");
  for (const name of rows.flatMap(([place, , , to]) => [...statesIn(place), to])) {
    if (!states.includes(name)) throw new Error(`ADR-0001: ${name} is no state of contracts/types/Job.sol`);
  }
  const reached = (name: string): boolean => name === states[0] || transitions.some(({ to }) => to === name);
  const unreached = states.filter((name) => !reached(name) && !(name === "Accepted" && !bonded));
  if (unreached.length > 0) throw new Error(`ADR-0001: no row leads to ${unreached.join(", ")}`);
  return { states: states.filter(reached), transitions };
}

/** Cells of the Markdown table whose head matches, without head and rule. */
function tableAfter(text: string, head: RegExp): string[][] {
  const start = text.search(head);
  if (start === -1) throw new Error(`ADR-0001: no table begins with ${head}`);
  const lines = text.slice(start).split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** "Funded, bond > 0" and "Funded or Accepted" name one state and two. */
const statesIn = (place: string): string[] => place.split(",")[0].split(" or ");

const appliesTo = (place: string, bonded: boolean): boolean => !place.includes(bonded ? "bond = 0" : "bond > 0");

function callAndCaller(cell: string): { call: string; by: string } {
  const [, call, by] = cell.match(/^`(\w+)` (.*)$/) ?? [];
  if (call === undefined) throw new Error(`ADR-0001: no call in the cell “${cell}”`);
  return { call, by };
}

/** What a condition says of the other kind of job is left out. */
const whenOf = (when: string, bonded: boolean): string => (bonded ? when : when.replace(/; with a bond .*$/, ""));
