/** Rejects once the signal is aborted, instead of waiting on. What it waits for is not stopped: that is up to who has started it. */
export async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { signal: ended.signal });
  });
  try {
    await Promise.race([result, aborted]);
    signal.throwIfAborted();
    return await result;
  } finally {
    ended.abort();
  }
}
