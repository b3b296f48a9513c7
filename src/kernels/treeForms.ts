import type { TreeNode } from "../ir/integerGraph.ts";

/** constant + Σ coefficient · atom, no coefficient being 0. Atoms are comparisons, then products. */
export interface LinearForm {
  readonly constant: bigint;
  readonly terms: ReadonlyMap<number, bigint>;
}

interface Product {
  readonly comparison: number;
  readonly factor: LinearForm;
}

/** One number for what a leaf adds to some scores. */
export type Packing = (add: readonly number[]) => bigint;

/** Sums of trees as linear forms over comparisons and products of a comparison and a form; equal products are made once. */
export class TreeForms {
  readonly products: Product[] = [];
  /** Of the trees added so far, for each packing. */
  readonly sums: readonly { constant: bigint; readonly terms: Map<number, bigint> }[];
  readonly #packings: readonly Packing[];
  /** Number of each comparison by feature and threshold, features in order, thresholds ascending. */
  readonly #comparisonOf = new Map<number, ReadonlyMap<number, number>>();
  /** Feature of each comparison. */
  readonly #features: number[] = [];
  /** Atom of each product by what it multiplies. */
  readonly #known = new Map<string, number>();

  constructor(
    thermometers: readonly { readonly feature: number; readonly thresholds: readonly number[] }[],
    packings: readonly Packing[],
  ) {
    for (const { feature, thresholds } of thermometers) {
      const first = this.#features.length;
      this.#comparisonOf.set(feature, new Map(thresholds.map((threshold, j) => [threshold, first + j])));
      for (const _ of thresholds) this.#features.push(feature);
    }
    this.#packings = packings;
    this.sums = packings.map(() => ({ constant: 0n, terms: new Map() }));
  }

  /** Takes another tree into all sums. */
  add(tree: TreeNode): void {
    this.#packings.forEach((pack, index) => {
      const { constant, terms } = this.#formOf(tree, pack);
      this.sums[index].constant += constant;
      addTerms(this.sums[index].terms, terms, 1n);
    });
  }

  /** yes + above · (no − yes), bottom up. */
  #formOf(tree: TreeNode, pack: Packing): LinearForm {
    if ("add" in tree) return { constant: pack(tree.add), terms: new Map() };
    const [yes, no] = [this.#formOf(tree.yes, pack), this.#formOf(tree.no, pack)];
    const comparison = this.#comparisonOf.get(tree.feature)!.get(tree.threshold)!;
    return plus(yes, this.#times(comparison, plus(no, yes, -1n)));
  }

  /**
   * Nothing to multiply where the form knows no other feature: above one threshold and above a greater one is above the
   * greater.
   */
  #times(comparison: number, form: LinearForm): LinearForm {
    const feature = this.#features[comparison];
    if ([...form.terms.keys()].every((atom) => this.#features[atom] === feature)) {
      const terms = new Map<number, bigint>();
      addTerms(terms, new Map([[comparison, form.constant]]), 1n);
      for (const [atom, coefficient] of form.terms)
        addTerms(terms, new Map([[Math.max(atom, comparison), coefficient]]), 1n);
      return { constant: 0n, terms };
    }
    return { constant: 0n, terms: new Map([[this.#product(comparison, form), 1n]]) };
  }

  #product(comparison: number, factor: LinearForm): number {
    const key = [comparison, factor.constant, ...[...factor.terms].sort(([a], [b]) => a - b)].join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const atom = this.#features.length + this.products.length;
    this.products.push({ comparison, factor });
    this.#known.set(key, atom);
    return atom;
  }
}

/** left + sign · right. */
function plus(left: LinearForm, right: LinearForm, sign = 1n): LinearForm {
  const terms = new Map(left.terms);
  addTerms(terms, right.terms, sign);
  return { constant: left.constant + sign * right.constant, terms };
}

function addTerms(terms: Map<number, bigint>, more: ReadonlyMap<number, bigint>, factor: bigint): void {
  for (const [atom, coefficient] of more) {
    const sum = (terms.get(atom) ?? 0n) + factor * coefficient;
    if (sum === 0n) terms.delete(atom);
    else terms.set(atom, sum);
  }
}
