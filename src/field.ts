/** Order of BN254's scalar field, EIP-197: what circuit signals are counted in. */
export const SCALAR_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Order of BN254's base field, EIP-197: what point coordinates are counted in. */
export const BASE_ORDER = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** The representative of `value` in [0, order). */
export const mod = (value: bigint, order = SCALAR_ORDER): bigint => ((value % order) + order) % order;
