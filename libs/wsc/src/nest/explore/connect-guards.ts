import type { Handshake, Hub } from '../../core/index.js';
import { marks } from '../decorators/marks.js';
import { mapRefusal } from '../errors/map-refusal.js';
import type { GuardRunner, GuardSet } from '../handlers/guard-runner.js';
import { declaredMethod, markedMethods, type Host } from './gateway.js';
import { patterns } from './patterns.js';

/**
 * Has guards run before the 101, with the `Handshake` as the client of their `ws` context: those on a gateway's class, then those on
 * each `@OnConnect` method. `APP_GUARD` holds here only where the
 * application asks for it, since most are written for HTTP requests.
 */
export function registerConnectGuards(hub: Hub, runner: GuardRunner, host: Host): void {
  const isGateway = host.path !== undefined;
  const names = markedMethods(host, marks.onConnect);
  if (!isGateway && names.length === 0) return;
  const onClass = declaredMethod(host, names[0] ?? 'handleConnection') ?? host.classRef;
  addGuards(hub, runner, toSet(host, runner.guardsOn(host.wrapper, host.classRef), onClass), host.path);
  for (const name of names) {
    const method = declaredMethod(host, name);
    if (method !== undefined)
      addGuards(hub, runner, toSet(host, runner.guardsOn(host.wrapper, method), method), host.path);
  }
}

/** @param path the endpoint that they hold for; absent: all. */
export function addGuards(hub: Hub, runner: GuardRunner, set: GuardSet, path?: string): void {
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

function toSet(host: Host, guards: GuardSet['guards'], handler: GuardSet['handler']): GuardSet {
  return { guards, classRef: host.classRef, handler };
}
