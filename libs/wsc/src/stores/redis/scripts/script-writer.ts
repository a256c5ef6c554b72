import type { ServerIdentity } from '../server-identity.js';
import { runScript, type Script, type ScriptCall, type ScriptRunner } from './script.js';

/** Runs the scripts that keep messages, which are acknowledged once it answers. */
export interface ScriptWriter {
  /** Of the connection that it writes on. */
  readonly server: ServerIdentity;
  run(script: Script, call: ScriptCall): Promise<unknown>;
}

/** A message is kept once the Redis that it was written to has it. */
export class PrimaryWriter implements ScriptWriter {
  readonly server: ServerIdentity;
  readonly #redis: ScriptRunner;

  constructor(redis: ScriptRunner, server: ServerIdentity) {
    this.#redis = redis;
    this.server = server;
  }

  run(script: Script, call: ScriptCall): Promise<unknown> {
    return runScript(this.#redis, script, call);
  }
}
