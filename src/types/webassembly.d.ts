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
  /** Compiled code, to be instantiated as often as needed. */
  interface Module {
    readonly [Symbol.toStringTag]: "WebAssembly.Module";
  }
  function compile(code: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports: object): Promise<Instance>;
  function instantiate(code: Uint8Array, imports: object): Promise<{ instance: Instance }>;
}
