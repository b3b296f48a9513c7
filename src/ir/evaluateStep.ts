import type { LinearStep, RealStep, RealTree, ScaleStep, TreesStep } from "./realGraph.ts";

/** Flat elements of a value. */
export type Elements = readonly number[];

/** The elements that a step gives for those of its operands. */
export function evaluateStep(step: RealStep, operands: readonly Elements[]): Elements {
  const [first, second, third] = operands;
  switch (step.kind) {
    case "Linear":
      return sums(step, operands.flat(), operands.flat());
    case "Scale":
      return scaled(step, first, first);
    case "Relu":
      return first.map((value) => Math.max(value, 0));
    case "Apply":
      return first.map((value) => step.function.apply(value));
    case "Extreme":
      return extremes(step.which, step.windows, operands.flat());
    case "Multiply":
      return first.map((value, index) => value * second[index]);
    case "Divide":
      return first.map((value, index) => value / second[sharedIndex(index, first, second)]);
    case "Compare":
      return first.map((value) => Number(step.relation === "zero" ? value === 0 : value >= 0));
    case "Select":
      return first.map((condition, index) => (condition === 1 ? second : third)[index]);
    case "Arrange": {
      const all = operands.flat();
      return step.indices.map((index) => all[index]);
    }
    case "Constant":
      return step.data;
    case "ArgMax":
      return greatestIndices(first, step.batch);
    case "OneHot":
      return first.flatMap((value) => Array.from({ length: step.size }, (_, index) => Number(value === index)));
    case "Trees":
      return treeSums(step, first);
  }
}

/** Σ weight · element + bias, a negative weight taking the element of `opposite`. */
export function sums({ windows, weights, bias, groups }: LinearStep, elements: Elements, opposite: Elements): number[] {
  const [windowCount, filterCount] = [windows.length / groups, weights.length / groups];
  const result = Array<number>(weights.length * windowCount).fill(0);
  for (let filter = 0; filter < weights.length; filter++) {
    const row = weights[filter];
    const start = Math.floor(filter / filterCount) * windowCount;
    for (let at = 0; at < windowCount; at++) {
      const window = windows[start + at];
      let sum = bias[filter];
      for (let k = 0; k < row.length; k++) {
        const position = window[k];
        if (position >= 0) sum += row[k] * (row[k] < 0 ? opposite : elements)[position];
      }
      result[filter * windowCount + at] = sum;
    }
  }
  return result;
}

/** factors · elements + offsets, a negative factor taking the element of `opposite`. */
export function scaled({ factors, offsets }: ScaleStep, elements: Elements, opposite: Elements): number[] {
  return elements.map((element, index) => {
    const factor = factors[index % factors.length];
    return factor * (factor < 0 ? opposite[index] : element) + offsets[index % offsets.length];
  });
}

export function extremes(which: "max" | "min", windows: readonly (readonly number[])[], elements: Elements): number[] {
  const better = which === "max" ? Math.max : Math.min;
  return windows.map((window) =>
    window.reduce((best, position) => better(best, elements[position]), elements[window[0]]),
  );
}

/** Position of the denominator that serves a numerator. */
export const sharedIndex = (index: number, numerators: Elements, denominators: Elements): number =>
  Math.floor((index * denominators.length) / numerators.length);

function greatestIndices(elements: Elements, batch: number): number[] {
  const size = elements.length / batch;
  return Array.from({ length: batch }, (_, row) => {
    const slice = elements.slice(row * size, (row + 1) * size);
    return slice.reduce((best, value, index) => (value > slice[best] ? index : best), 0);
  });
}

function treeSums({ batch, base, trees }: TreesStep, elements: Elements): number[] {
  const size = elements.length / batch;
  return Array.from({ length: batch }, (_, row) => {
    const features = elements.slice(row * size, (row + 1) * size);
    const leaves = trees.map((tree) => leafOf(tree, features));
    return base.map((start, score) => leaves.reduce((sum, leaf) => sum + leaf[score], start));
  }).flat();
}

function leafOf(root: RealTree, features: Elements): readonly number[] {
  let tree = root;
  while (!("add" in tree)) tree = features[tree.feature] <= tree.threshold ? tree.yes : tree.no;
  return tree.add;
}
