import { createInterface } from 'node:readline';

/** A call of the harness to one of its processes, a line of JSON on the standard input. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Its answer, a line of JSON on the standard output: a value (none is left out) or the text of an error. */
export type Answer<T = unknown> =
  | { readonly id: number; readonly value: T; readonly error?: undefined }
  | { readonly id: number; readonly error: string };

/** The id of the first answer, which nobody asked for: the process is ready. */
export const readyId = 0;

/** Says that this process is ready, and answers calls of methods of `target` from then on; calls may overlap. */
export function answerCalls(target: object, ready: unknown): void {
  write({ id: readyId, value: ready });
  createInterface({ input: process.stdin }).on('line', (line) => {
    const call: Call = JSON.parse(line);
    void answer(target, call).then(write);
  });
  // The harness has gone.
  process.stdin.on('end', () => process.exit(0));
}

async function answer(target: object, { id, method, args }: Call): Promise<Answer> {
  try {
    const action: unknown = Reflect.get(target, method);
    if (typeof action !== 'function') throw new Error(`There is no "${method}".`);
    return { id, value: await Reflect.apply(action, target, args) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

function write(answer: Answer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
