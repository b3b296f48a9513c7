/** 0, 1, …, count − 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** For each element of a permutation its place there. */
export function inverseOf(order: readonly number[]): number[] {
  const places = Array<number>(order.length);
  order.forEach((element, place) => (places[element] = place));
  return places;
}

/** Positions 0 to count − 1 in groups of equal `key`, in the order in which keys first occur. */
export function groupedBy<Key>(count: number, key: (position: number) => Key): Map<Key, number[]> {
  const groups = new Map<Key, number[]>();
  for (let position = 0; position < count; position++) {
    const group = groups.get(key(position));
    if (group === undefined) groups.set(key(position), [position]);
    else group.push(position);
  }
  return groups;
}
