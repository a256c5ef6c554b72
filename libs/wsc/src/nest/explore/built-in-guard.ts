import { Hub, type MessageContext } from '../../core/index.js';
import { rethrow } from '../errors/map-errors.js';
import type { GuardRunner, GuardSet } from '../handlers/guard-runner.js';
import type { Gateway } from './gateway.js';

/** What `getHandler()` answers for a built-in event: it carries no metadata of its own. */
function builtInEvent(): void {
  return undefined;
}

/**
 * Has the global guards and those on the classes of a path's gateways hold for built-in events too; `getPattern()` is the event.
 * Where no gateway is on a path, `getClass()` answers the hub.
 */
export function guardBuiltIns(hub: Hub, runner: GuardRunner, gateways: readonly Gateway[]): void {
  const everywhere: GuardSet = { guards: runner.globalGuards(), classRef: Hub, handler: builtInEvent };
  const byPath = new Map<string, GuardSet[]>();
  for (const gateway of gateways) {
    const sets = byPath.get(gateway.path) ?? [{ ...everywhere, classRef: gateway.classRef }];
    const guards = runner.guardsOn(gateway.wrapper, gateway.classRef);
    byPath.set(gateway.path, [...sets, { guards, classRef: gateway.classRef, handler: builtInEvent }]);
  }
  const all = [everywhere, ...[...byPath.values()].flat()];
  if (all.every(({ guards }) => guards.length === 0)) return;
  hub.routes.builtInGuard = (context) => runAll(runner, byPath.get(context.connection.path) ?? [everywhere], context);
}

async function runAll(runner: GuardRunner, sets: readonly GuardSet[], context: MessageContext): Promise<void> {
  const { connection, data, event } = context;
  try {
    for (const set of sets) await runner.run(set, connection, [connection, data, context, event]);
  } catch (exception) {
    rethrow(exception);
  }
}
