import { ConsoleLogger } from '@nestjs/common';

// Their thirty lines per start would hide the two that matter.
const wordyContexts = new Set<unknown>(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'WebSocketsController']);

/** Nest's logger, without a line for each module and route. */
export class StartLogger extends ConsoleLogger {
  override log(message: unknown, ...optionalParams: readonly unknown[]): void {
    if (wordyContexts.has(optionalParams.at(-1))) return;
    super.log(message, ...optionalParams);
  }
}
