import { Listr, PRESET_TIMER } from "listr2";

/** Runs one step with a spinner (a plain line where there is no terminal) and the time it took. */
export async function step<Result>(
  title: string,
  work: () => Promise<Result>,
  describe: (result: Result) => string = () => title,
): Promise<Result> {
  let result: Result | undefined;
  let failure: { readonly cause: unknown } | undefined;
  const tasks = new Listr(
    {
      title,
      task: async (_, task) => {
        try {
          result = await work();
          task.title = describe(result);
        } catch (cause) {
          failure = { cause };
          throw new Error("see below", { cause });
        }
      },
    },
    {
      fallbackRenderer: "simple",
      rendererOptions: { timer: PRESET_TIMER },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
  await tasks.run().catch((error: unknown) => {
    throw failure === undefined ? error : failure.cause;
  });
  return result as Result;
}
