/** The part of the WebAssembly interface that is used; Node's types leave it to the browser's. */
declare namespace WebAssembly {
  class Memory {
    constructor(limits: { initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  function instantiate(code: Uint8Array, imports: object): Promise<{ instance: Instance }>;
}
