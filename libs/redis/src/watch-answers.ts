import type { Command, Redis } from 'ioredis';

/** How long to wait for Redis, in milliseconds. */
export interface AnswerTimeouts {
  /** After it a command fails, with an unknown outcome. */
  readonly commandTimeoutMs: number;
  /** After it a connection on which nothing comes is cut, and made again. */
  readonly silenceTimeoutMs?: number;
}

/** A cluster's client may give a command to one node after the other; the first one's time counts. */
const timed = new WeakSet<Command>();

/**
 * Fails commands that Redis does not answer in time, and cuts a connection on which nothing comes. ioredis' own time-outs run before what
 * came meanwhile is read: where the process itself stood still for a second, they take answers that are there for a dead Redis. These here
 * let the event loop read once more.
 */
export function watchAnswers(client: Redis, { commandTimeoutMs, silenceTimeoutMs }: AnswerTimeouts): Redis {
  const send = client.sendCommand.bind(client);
  const silence = silenceTimeoutMs === undefined ? undefined : new SilenceWatch(client, silenceTimeoutMs);
  client.sendCommand = (command, ...rest) => {
    const answer = send(command, ...rest);
    if (command.isSettled) return answer;
    if (!timed.has(command)) failInTime(command, commandTimeoutMs);
    silence?.sent(command);
    return answer;
  };
  return client;
}

function failInTime(command: Command, timeoutMs: number): void {
  timed.add(command);
  const cancel = afterReading(timeoutMs, () => {
    if (!command.isSettled) command.reject(new Error('Command timed out'));
  });
  command.promise.then(cancel, cancel);
}

type Stream = Redis['stream'];

/** What was asked first since something came on a connection. */
interface Question {
  readonly stream: Stream;
  readonly bytesRead: number;
  readonly askedAt: number;
}

/** Cuts a connection on which nothing has come for a while although something was asked. */
class SilenceWatch {
  readonly #client: Redis;
  readonly #timeoutMs: number;
  #question: Question | undefined;
  #unanswered = 0;
  #isWatching = false;

  constructor(client: Redis, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  sent({ promise }: Command): void {
    const settled = (): void => {
      this.#unanswered -= 1;
    };
    this.#unanswered += 1;
    promise.then(settled, settled);
    const stream = streamOf(this.#client);
    if (stream === undefined || this.#isOpen(stream)) return;
    this.#ask(stream);
    if (!this.#isWatching) this.#watch(this.#timeoutMs);
  }

  /** Whether something was asked on it, and nothing has come since. */
  #isOpen(stream: Stream): boolean {
    return this.#question?.stream === stream && this.#question.bytesRead === stream.bytesRead;
  }

  #ask(stream: Stream): void {
    this.#question = { stream, bytesRead: stream.bytesRead, askedAt: performance.now() };
  }

  #watch(delayMs: number): void {
    this.#isWatching = true;
    afterReading(delayMs, () => {
      this.#isWatching = false;
      this.#check();
    });
  }

  #check(): void {
    const stream = streamOf(this.#client);
    if (stream === undefined || this.#question === undefined) return;
    if (this.#isOpen(stream)) {
      const leftMs = this.#question.askedAt + this.#timeoutMs - performance.now();
      if (leftMs > 0) this.#watch(leftMs);
      else stream.destroy(new Error('Nothing comes from Redis.'));
    } else if (this.#unanswered > 0) {
      this.#ask(stream);
      this.#watch(this.#timeoutMs);
    }
  }
}

/** Before the first connection, ioredis has none, whatever its types say. */
function streamOf({ stream }: { readonly stream?: Stream }): Stream | undefined {
  return stream;
}

/** Answers what cancels it. The socket that is waited for keeps the process, not the timer. */
function afterReading(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(() => setImmediate(callback), delayMs).unref();
  return () => clearTimeout(timer);
}
