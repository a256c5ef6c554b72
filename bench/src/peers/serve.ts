import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { dirname } from 'node:path';
import { answerCalls } from '../calls.js';

/** What a server says of itself when it is asked. Microseconds of CPU since its start, bytes of memory. */
export interface Usage {
  readonly userUs: number;
  readonly systemUs: number;
  readonly rssBytes: number;
  /** The largest resident set since the start. */
  readonly peakRssBytes: number;
}

/** What the harness may ask a server. */
export class ServerReport {
  #session: Session | undefined;

  usage(): Usage {
    const { user, system } = process.cpuUsage();
    return {
      userUs: user,
      systemUs: system,
      rssBytes: process.memoryUsage.rss(),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    };
  }

  /** After garbage was collected; twice, so that what finalizers let go of is collected too. */
  settledUsage(): Usage {
    for (let round = 0; round < 2; round += 1) collectGarbage();
    return this.usage();
  }

  async startProfile(): Promise<void> {
    this.#session = new Session();
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: 200 });
    await this.#session.post('Profiler.start');
  }

  async stopProfile(file: string): Promise<void> {
    const profile = await this.#session?.post('Profiler.stop');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(profile?.profile));
  }
}

/** Answers the harness for a server that listens on `port`. */
export function serve(port: number): void {
  answerCalls(new ServerReport(), port);
}

/**
 * All garbage, at once. Node has this with `--expose-gc`, where an argument would ask for the young generation only; Bun has it
 * under its own name, where `true` means now.
 */
function collectGarbage(): void {
  const bun: unknown = Reflect.get(globalThis, 'Bun');
  if (typeof bun !== 'object' || bun === null) {
    globalThis.gc?.();
    return;
  }
  const collect: unknown = Reflect.get(bun, 'gc');
  if (typeof collect === 'function') Reflect.apply(collect, bun, [true]);
}
