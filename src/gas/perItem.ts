/** Items of every measured batch. */
export const BATCH = 32;

/** Gas of one item of a batch, rounded up. */
export const perItem = (gas: number): number => Math.ceil(gas / BATCH);
