import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../../core/ports/clock.js';
import type { Logger } from '../../core/ports/logger.js';

/** What a {@link FileWatch} needs. */
export interface FileWatchOptions {
  readonly path: string;
  /** As it was last read. */
  readonly text: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with the new text after it has changed. Must not throw. */
  readonly onChange: (text: string) => void;
}

/** Editors write in several steps. */
const settleMs = 100;

/**
 * Watches one file by its folder: editors and Kubernetes replace a file rather than write into it, and a watch on the file
 * itself would stay with the old one. Never keeps the process alive, and ends nothing when it fails.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #watcher: FSWatcher | undefined;
  #text: string | undefined;
  #timer: Timer | undefined;
  #isMissing = false;
  #isClosed = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#text = options.text;
    this.#watcher = this.#watch();
    // It may have changed between the first reading and now.
    this.#checkSoon();
  }

  /** A second call does nothing. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#watcher?.close();
  }

  #watch(): FSWatcher | undefined {
    const { path, logger } = this.#options;
    const failed = (cause: unknown): void =>
      logger.error('The configuration file is not watched any more.', { path, cause });
    try {
      const watcher = watch(dirname(path), { persistent: false }, () => this.#checkSoon());
      watcher.on('error', failed);
      return watcher;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #checkSoon(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(settleMs, () => void this.#check());
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    const { path, logger, onChange } = this.#options;
    try {
      const text = await readFile(path, 'utf8');
      this.#isMissing = false;
      if (this.#isClosed || text === this.#text) return;
      this.#text = text;
      onChange(text);
    } catch (cause) {
      if (!this.#isMissing)
        logger.warn('The configuration file cannot be read; its last values stay.', { path, cause });
      this.#isMissing = true;
    }
  }
}
