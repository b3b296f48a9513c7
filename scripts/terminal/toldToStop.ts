/** Exit code of a process that was interrupted. */
const INTERRUPTED = 130;

/** Resolves when the process is told to end, by the terminal or by what runs it. The second time it ends at once. */
export const toldToStop = (): Promise<void> =>
  new Promise((resolve) => {
    let told = false;
    const stop = () => {
      if (told) process.exit(INTERRUPTED);
      told = true;
      resolve();
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
  });
