import { mod } from "../field.ts";
import { interpolate, invert, splitMonic } from "./interpolate.ts";

/** How a circuit computes a polynomial in x; see circuits/lib/BlockPolynomial.circom and TreePolynomial.circom. */
export interface PolynomialPlan {
  /** What it is at 0, 1, …: the values asked for, and then whatever makes it cheap. */
  readonly values: readonly bigint[];
  /** The powers of x up to this one are computed first. */
  readonly babySteps: number;
  /** Height of the tree of products; 0 stands for blocks. */
  readonly levels: number;
  /** Blocks, lowest first, of babySteps + 1 coefficients each, or the tree's nodes. */
  readonly rows: readonly (readonly bigint[])[];
  /** Leading coefficient, which the tree leaves out; 1 for blocks. */
  readonly scale: bigint;
}

/** One tree per identical table: interpolation takes up to a second. */
const PLANS = new Map<string, PolynomialPlan>();

/** The cheapest plan of a polynomial over the scalar field through the given values at 0, 1, … */
export function planPolynomial(values: readonly bigint[]): PolynomialPlan {
  const key = values.join();
  const plan = PLANS.get(key) ?? makePlan(values);
  PLANS.set(key, plan);
  return plan;
}

function makePlan(values: readonly bigint[]): PolynomialPlan {
  const coefficients = interpolate(values);
  const degree = coefficients.length - 1;
  const blocks = cheapestBlocks(degree);
  const tree = cheapestTree(values.length, degree);
  return blocks.products <= tree.products
    ? blockPlan(values, coefficients, blocks.babySteps)
    : treePlan(values, coefficients, tree);
}

/** Horner's scheme over blocks of babySteps powers: babySteps − 1 powers, and a product for each block but the highest. */
function cheapestBlocks(degree: number): { products: number; babySteps: number } {
  let best = { products: Math.max(0, degree - 1), babySteps: 1 };
  // With as many powers as the degree the last row would be linear, and no product saved.
  for (let babySteps = 2; babySteps < degree; babySteps++) {
    const products = babySteps - 1 + Math.ceil(degree / babySteps) - 1;
    if (products < best.products) best = { products, babySteps };
  }
  return best;
}

function blockPlan(values: readonly bigint[], coefficients: readonly bigint[], babySteps: number): PolynomialPlan {
  const count = Math.max(1, Math.ceil((coefficients.length - 1) / babySteps));
  const rows = Array.from({ length: count }, (_, block) =>
    Array.from({ length: babySteps + 1 }, (_, power) => {
      const isOfNext = power === babySteps && block < count - 1;
      return isOfNext ? 0n : (coefficients[block * babySteps + power] ?? 0n);
    }),
  );
  return { values, babySteps, levels: 0, rows, scale: 1n };
}

interface TreeShape {
  readonly products: number;
  readonly babySteps: number;
  readonly levels: number;
}

const treeDegree = ({ babySteps, levels }: Omit<TreeShape, "products">): number => babySteps * (2 ** (levels + 1) - 1);

/** babySteps − 1 powers, a square a level and a product for each node above the leaves. */
function cheapestTree(count: number, degree: number): TreeShape {
  const shapes = Array.from({ length: 9 }, (_, index): TreeShape => {
    const levels = index + 1;
    const least = Math.max(2, Math.ceil((count - 1) / treeDegree({ babySteps: 1, levels })));
    // Without room for a further value, the degree must already be the tree's.
    const fits = treeDegree({ babySteps: least, levels }) >= count || degree === count - 1;
    const babySteps = fits ? least : least + 1;
    return { products: babySteps - 1 + levels + 2 ** levels - 1, babySteps, levels };
  });
  return shapes.reduce((best, shape) => (shape.products < best.products ? shape : best));
}

/** Repeats the last value until the degree is the tree's; the very last is one more where the degree would be lower. */
function treePlan(values: readonly bigint[], coefficients: readonly bigint[], shape: TreeShape): PolynomialPlan {
  const degree = treeDegree(shape);
  const missing = degree + 1 - values.length;
  const padded = [...values, ...Array<bigint>(missing).fill(values[values.length - 1])];
  let full = missing === 0 ? coefficients : interpolate(padded);
  if (full.length <= degree) {
    padded[degree] += 1n;
    full = interpolate(padded);
  }
  const scale = full[degree];
  const inverse = invert(scale);
  const monic = full.map((value) => mod(value * inverse));
  const { babySteps, levels } = shape;
  return { values: padded, babySteps, levels, rows: splitMonic(monic, babySteps, levels), scale };
}
