import type { Type } from '@nestjs/common';
import type { Handshake, Hub } from '../../core/index.js';
import { marks } from '../decorators/marks.js';
import { mapRefusal } from '../errors/map-refusal.js';
import type { GuardRunner, GuardSet } from '../handlers/guard-runner.js';
import type { Method } from '../nest-container.js';
import { declaredMethod, markedMethods, type Host } from './gateway.js';
import { patterns } from './patterns.js';

/**
 * Has guards run before the 101, with the `Handshake` as the client of their `ws` context: those on a gateway's class, then those on
 * each `@OnConnect` method. `APP_GUARD` holds here only where the
 * application asks for it, since most are written for HTTP requests.
 */
export function registerConnectGuards(hub: Hub, runner: GuardRunner, host: Host): void {
  const names = markedMethods(host, marks.onConnect);
  if (host.path === undefined && names.length === 0) return;
  const add = (target: Type<unknown> | Method, handler: GuardSet['handler']): void => {
    const set = { guards: runner.guardsOn(host.wrapper, target), classRef: host.classRef, handler };
    addGuards({ hub, runner, set, path: host.path });
  };
  add(host.classRef, declaredMethod(host, names[0] ?? 'handleConnection') ?? host.classRef);
  for (const name of names) {
    const method = declaredMethod(host, name);
    if (method !== undefined) add(method, method);
  }
}

export interface AddedGuards {
  readonly hub: Hub;
  readonly runner: GuardRunner;
  readonly set: GuardSet;
  /** The endpoint that they hold for; undefined: all. */
  readonly path?: string | undefined;
}

/** Has guards run at the handshake. */
export function addGuards({ hub, runner, set, path }: AddedGuards): void {
  if (set.guards.length === 0) return;
  hub.gate.addConnectGuard((handshake) => admit(runner, set, handshake), path);
}

async function admit(runner: GuardRunner, set: GuardSet, handshake: Handshake): Promise<void> {
  try {
    await runner.run(set, handshake, [handshake, undefined, undefined, patterns.handshake]);
  } catch (exception) {
    throw mapRefusal(exception);
  }
}
