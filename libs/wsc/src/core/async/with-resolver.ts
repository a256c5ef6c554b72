/** A promise and the function that fulfils it. `Promise.withResolvers` needs Node 22. */
export interface Resolvable<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** A promise that whoever has it fulfils by hand. */
export function withResolver<T>(): Resolvable<T> {
  let fulfil: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    fulfil = resolve;
  });
  return { promise, resolve: fulfil };
}
