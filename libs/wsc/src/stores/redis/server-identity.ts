import { isCluster, isReplyError, redisError } from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import type { MaybePromise } from '../../core/async/maybe-promise.js';

/** As an argument of a script: the server has every change on its disk before it answers, so that a restart loses nothing. */
const lasts = '1';
const doesNotLast = '0';

const lastingConfig = [
  ['appendonly', 'yes'],
  ['appendfsync', 'always'],
  ['no-appendfsync-on-rewrite', 'no'],
] as const;

/**
 * What scripts that keep positions have to be told of the server, since `CONFIG` is not for scripts. The rest of who the server is they
 * look up themselves (`position` in scripts/lua.ts), so that nodes never disagree about it. Scripts need the permission for `INFO`; where
 * `CONFIG GET` is forbidden, or another server can take over, each restart counts as a loss of data.
 */
export class ServerIdentity {
  /** One that a failover can't replace. */
  readonly #server: Redis | undefined;
  #flag: MaybePromise<string> | undefined;

  constructor(commands: Redis | Cluster) {
    if (isCluster(commands) || hasSentinels(commands)) return;
    this.#server = commands;
    // What comes back may be configured otherwise. `ready` would be late: commands can go out before it is emitted.
    commands.on('close', () => (this.#flag = undefined));
  }

  /**
   * `1` where the server runs with `appendonly yes`, `appendfsync always` and `no-appendfsync-on-rewrite no`, else `0`. Asked once per
   * connection.
   * @throws {WscError} WSC_UNAVAILABLE
   */
  lastingFlag(): MaybePromise<string> {
    if (this.#server === undefined) return doesNotLast;
    return this.#flag ?? this.#ask(this.#server);
  }

  #ask(server: Redis): Promise<string> {
    const asked = readFlag(server);
    this.#flag = asked;
    const settle = (flag: string | undefined): void => {
      if (this.#flag === asked) this.#flag = flag;
    };
    asked.then(settle, () => settle(undefined));
    return asked;
  }
}

async function readFlag(server: Redis): Promise<string> {
  try {
    const found = await Promise.all(lastingConfig.map(async ([name, value]) => (await read(server, name)) === value));
    return found.includes(false) ? doesNotLast : lasts;
  } catch (error) {
    if (isReplyError(error)) return doesNotLast;
    throw redisError(error);
  }
}

async function read(server: Redis, name: string): Promise<unknown> {
  const answer: unknown = await server.config('GET', name);
  return Array.isArray(answer) ? answer[1] : undefined;
}

function hasSentinels({ options }: Redis): boolean {
  return (options.sentinels ?? undefined) !== undefined;
}
