import { WscError } from '@nest-wsc/protocol';
import { isEffectUnknown, redisError, withoutCommand } from '@nest-wsc/redis';

/** What may be on its way to Redis and not answered: a Redis that is slow costs so much memory, and then writing fails. */
const maxUnansweredBytes = 33_554_432;
/** What a write costs beside its text. */
const overheadBytes = 1_024;

/** The writes of messages that must not be lost: bounded, and each failure says whether the message may have been kept. */
export class KeptWrites {
  #unansweredBytes = 0;

  /**
   * @param text of the message
   * @throws {WscError} WSC_UNAVAILABLE and WSC_LIMIT_EXCEEDED (Redis has no memory left) where it is not kept, WSC_TIMEOUT where that is
   *   not known.
   */
  async run<T>(text: string, write: () => Promise<T>): Promise<T> {
    const bytes = Buffer.byteLength(text) + overheadBytes;
    if (this.#unansweredBytes + bytes > maxUnansweredBytes) {
      throw new WscError('WSC_UNAVAILABLE', { message: 'Redis does not answer as fast as messages are written.' });
    }
    this.#unansweredBytes += bytes;
    try {
      return await write();
    } catch (error) {
      throw writeError(error);
    } finally {
      this.#unansweredBytes -= bytes;
    }
  }
}

/** A script that Redis has refused, for memory or else, has written nothing. */
function writeError(cause: unknown): WscError {
  if (isEffectUnknown(cause)) return new WscError('WSC_TIMEOUT', { cause: withoutCommand(cause) });
  if (cause instanceof Error && cause.message.startsWith('OOM')) {
    return new WscError('WSC_LIMIT_EXCEEDED', { cause: withoutCommand(cause) });
  }
  return redisError(cause);
}
