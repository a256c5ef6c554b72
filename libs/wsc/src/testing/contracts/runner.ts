import type { MaybePromise } from '../../core/async/maybe-promise.js';

// Jest, Vitest and Mocha all put these two into the global scope; the suites need nothing else of a test runner.
declare const describe: (name: string, body: () => void) => void;
declare const it: (name: string, body: () => Promise<void>) => void;

/** Whatever a contract suite opens, it closes. */
interface Closable {
  close(): MaybePromise<void>;
}

/**
 * Instances of a port over one store that each test has for itself: as many nodes. A store that lives in the process gives one;
 * with more, what happens on the first is looked at from the last.
 */
export type OpenNodes<T> = () => MaybePromise<readonly [T, ...T[]]>;

/** The two ends that a promise is looked at from; the same instance where there is only one. */
export interface Nodes<T> {
  readonly here: T;
  readonly there: T;
}

/** What a port promises, each with its proof. */
export type PortPromises<T> = Readonly<Record<string, (nodes: Nodes<T>) => Promise<void>>>;

/** Declares a suite, each test of which opens its nodes and closes them, whatever happens. */
export function describePort<T extends Closable>(name: string, open: OpenNodes<T>, promises: PortPromises<T>): void {
  describe(name, () => {
    for (const [promise, check] of Object.entries(promises)) it(promise, () => withNodes(open, check));
  });
}

async function withNodes<T extends Closable>(
  open: OpenNodes<T>,
  check: (nodes: Nodes<T>) => Promise<void>,
): Promise<void> {
  const nodes = await open();
  try {
    await check({ here: nodes[0], there: nodes.at(-1) ?? nodes[0] });
  } finally {
    for (const node of nodes) await node.close();
  }
}
