import { WscError } from '@nest-wsc/protocol';
import type { AnswerSink } from './request-table.js';
import { createDeferred, type Deferred } from './settle.js';

// Answers come as fast as the gateway sends them: a reader this far behind gets an error, not a full memory.
const maxBufferedItems = 1_000;

/**
 * The answers to one request, for one reader: each item, then the last answer unless it is empty.
 * `T` is taken on trust, as everywhere in an event map.
 */
export class AnswerStream<T> implements AnswerSink {
  // Wrapped, so that an answer without data is one.
  readonly #items: { readonly data: T }[] = [];
  #end: { readonly error: unknown } | { readonly isDone: true } | undefined;
  #change: Deferred<void> | undefined;

  onItem(data: T): void {
    if (this.#end !== undefined) return;
    if (this.#items.length >= maxBufferedItems) {
      this.onFailed(new WscError('WSC_LIMIT_EXCEEDED', { message: `${maxBufferedItems} answers wait to be read.` }));
      return;
    }
    this.#items.push({ data });
    this.#change?.resolve();
  }

  onDone(data: T): void {
    if (data !== null && data !== undefined) this.onItem(data);
    this.#end ??= { isDone: true };
    this.#change?.resolve();
  }

  onFailed(error: unknown): void {
    this.#end ??= { error };
    this.#change?.resolve();
  }

  /** Ends with the last answer, or throws what the request failed with, after the items that came before. */
  async *read(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item.data;
      } else if (this.#end === undefined) {
        this.#change = createDeferred();
        await this.#change.promise;
      } else if ('error' in this.#end) {
        throw this.#end.error;
      } else {
        return;
      }
    }
  }
}
