import type { OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Clock, Logger } from '../../core/index.js';
import { SystemClock } from '../../system/system-clock.js';
import { NestLogger } from '../nest-logger.js';
import { parseConfigFile, type ConfigFile } from './config-file.js';
import type { Environment } from './environment-layer.js';
import { FileWatch } from './file-watch.js';
import { keepUntilRestart, readChanges, type LiveSettings } from './live-settings.js';
import type { WscModuleOptions } from './module-options.js';
import { createNodeId, toWscConfig } from './resolve-config.js';
import { loadNamedFile, resolveSettings } from './resolve-settings.js';
import { fieldOf } from './setting-fields.js';
import type { SettingLayer } from './setting-source.js';
import type { WscConfig } from './wsc-config.js';

/** Called after the configuration has changed. Throwing is logged and disturbs nobody. */
export type WscConfigListener = (current: WscConfig, previous: WscConfig) => void;

/** What a {@link WscConfigService} works with. */
export interface WscConfigDependencies {
  /** Copied at the start. @default process.env */
  readonly environment?: Environment | undefined;
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * The configuration that holds, and how it changes while the application runs (docs/configuration.md): by
 * {@link WscConfigService.update} and, with `configWatch`, by the file. A change is applied whole or not at all.
 */
export class WscConfigService implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly #options: WscModuleOptions;
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #nodeId = createNodeId();
  readonly #listeners = new Set<WscConfigListener>();
  #file: ConfigFile | undefined;
  #updates: SettingLayer = new Map();
  #current: WscConfig;
  #watch: FileWatch | undefined;

  /** @throws {WscConfigError} naming everything that is wrong. */
  constructor(options: WscModuleOptions = {}, dependencies: WscConfigDependencies = {}) {
    this.#options = options;
    this.#environment = { ...(dependencies.environment ?? process.env) };
    this.#logger = dependencies.logger ?? new NestLogger();
    this.#clock = dependencies.clock ?? new SystemClock();
    this.#file = loadNamedFile(options, this.#environment);
    this.#current = this.#resolve(this.#file, this.#updates);
  }

  /** Frozen; another object after each change. */
  get current(): WscConfig {
    return this.#current;
  }

  /**
   * Changes settings that may change while the application runs, over what code, environment and file say, until it ends.
   * @throws {WscConfigError} naming everything that is wrong, also what needs a restart; then nothing has changed.
   */
  update(changes: LiveSettings): WscConfig {
    const updates = new Map([...this.#updates, ...readChanges(changes)]);
    const next = this.#resolve(this.#file, updates);
    this.#updates = updates;
    this.#replace(next);
    return next;
  }

  /** Answers how to stop listening. */
  onChange(listener: WscConfigListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Called by Nest. */
  onModuleInit(): void {
    for (const warning of this.#current.warnings) this.#logger.warn(warning);
  }

  /** Called by Nest. */
  onApplicationBootstrap(): void {
    const { configWatch } = this.#current.settings;
    const file = this.#file;
    if (!configWatch || file === undefined || this.#watch !== undefined) return;
    this.#watch = new FileWatch({
      path: file.path,
      text: file.text,
      clock: this.#clock,
      logger: this.#logger,
      onChange: (text) => this.#reread(file.path, text),
    });
  }

  /** Called by Nest. */
  onModuleDestroy(): void {
    this.#watch?.close();
  }

  #resolve(file: ConfigFile | undefined, updates: SettingLayer): WscConfig {
    const [options, environment] = [this.#options, this.#environment];
    const resolved = resolveSettings({ options, environment, file, updates });
    return toWscConfig(resolved, { options, environment, fallbackNodeId: this.#nodeId });
  }

  /** Never throws: a file that can't be used is told in the log. */
  #reread(path: string, text: string): void {
    try {
      const changed = parseConfigFile(path, text);
      // As a whole first, so that a value that waits for a restart is told to be wrong now and not then.
      this.#resolve(changed, this.#updates);
      const { file, waiting } =
        this.#file === undefined ? { file: changed, waiting: [] } : keepUntilRestart(this.#file, changed);
      const next = this.#resolve(file, this.#updates);
      this.#file = file;
      this.#logger.info('The configuration file has changed.', { path });
      for (const name of waiting)
        this.#logger.warn(`A changed setting needs a restart.`, { setting: fieldOf(name).option });
      this.#replace(next);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#logger.error(`The changed configuration file cannot be used; the old values stay. ${why}`);
    }
  }

  #replace(next: WscConfig): void {
    const previous = this.#current;
    if (JSON.stringify(previous.settings) === JSON.stringify(next.settings)) return;
    this.#current = next;
    for (const listener of this.#listeners) this.#notify(listener, previous);
  }

  #notify(listener: WscConfigListener, previous: WscConfig): void {
    try {
      listener(this.#current, previous);
    } catch (cause) {
      this.#logger.error('A listener of configuration changes failed.', { cause });
    }
  }
}
