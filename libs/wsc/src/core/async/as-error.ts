/** What was thrown, as an error: some libraries throw other things. */
export function asError(thrown: unknown): Error {
  return isA(Error, thrown) ? thrown : new Error('Something that is no error was thrown.', { cause: thrown });
}

/** Whether `thrown` is an instance of `type`; not even a revoked proxy makes it throw, as `instanceof` would. */
export function isA<T>(type: abstract new (...args: never[]) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/** What an error says, where it says anything; never throws, not even where its `message` does. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) {
      // Whatever its type says.
      const message: unknown = thrown.message;
      return String(message);
    }
  } catch {
    // Falls through: it can't be read.
  }
  return 'Something that is no Error was thrown.';
}
