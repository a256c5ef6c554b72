/** What was thrown, as an error: some libraries throw other things. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('Something that is no error was thrown.', { cause: thrown });
}
