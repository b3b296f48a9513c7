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

/**
 * Writes trees as linear forms over comparisons and products of a comparison and a form; sums of the same trees with
 * other leaves may follow one another and share products.
 */
export class TreeForms {
  /** Number of comparisons: of every feature with its thresholds, feature by feature, thresholds ascending. */
  readonly comparisons: number;
  readonly products: Product[] = [];
  readonly #comparisonOf = new Map<number, ReadonlyMap<number, number>>();
  readonly #featureOf: number[] = [];
  /** Atom of each product by what it multiplies. */
  readonly #known = new Map<string, number>();

  constructor(thermometers: readonly { readonly feature: number; readonly thresholds: readonly number[] }[]) {
    for (const { feature, thresholds } of thermometers) {
      const first = this.#featureOf.length;
      this.#comparisonOf.set(feature, new Map(thresholds.map((threshold, j) => [threshold, first + j])));
      this.#featureOf.push(...thresholds.map(() => feature));
    }
    this.comparisons = this.#featureOf.length;
  }

  /** start + Σ over the trees of `valueOf` what the reached leaf adds. */
  sum(trees: readonly TreeNode[], valueOf: (add: readonly number[]) => bigint, start: bigint): LinearForm {
    const terms = new Map<number, bigint>();
    let constant = start;
    for (const tree of trees) {
      const form = this.#formOf(tree, valueOf);
      constant += form.constant;
      addTerms(terms, form.terms, 1n);
    }
    return { constant, terms };
  }

  /** yes + above · (no − yes), bottom up. */
  #formOf(tree: TreeNode, valueOf: (add: readonly number[]) => bigint): LinearForm {
    if ("add" in tree) return { constant: valueOf(tree.add), terms: new Map() };
    const [yes, no] = [this.#formOf(tree.yes, valueOf), this.#formOf(tree.no, valueOf)];
    const comparison = this.#comparisonOf.get(tree.feature)!.get(tree.threshold)!;
    return plus(yes, this.#times(comparison, plus(no, yes, -1n)));
  }

  /**
   * Nothing to multiply where the form knows no other feature: above one threshold and above a greater one is above the
   * greater.
   */
  #times(comparison: number, form: LinearForm): LinearForm {
    const feature = this.#featureOf[comparison];
    if ([...form.terms.keys()].every((atom) => this.#featureOf[atom] === feature)) {
      const terms = new Map<number, bigint>();
      addTerms(terms, new Map([[comparison, form.constant]]), 1n);
      for (const [atom, coefficient] of form.terms) addTerms(terms, new Map([[Math.max(atom, comparison), coefficient]]), 1n);
      return { constant: 0n, terms };
    }
    return { constant: 0n, terms: new Map([[this.#product(comparison, form), 1n]]) };
  }

  #product(comparison: number, factor: LinearForm): number {
    const key = [comparison, factor.constant, ...[...factor.terms].sort(([a], [b]) => a - b)].join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const atom = this.comparisons + this.products.length;
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
