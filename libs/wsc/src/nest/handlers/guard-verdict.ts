import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import type { MaybePromise } from '../../core/async/maybe-promise.js';

/** What a guard says, at once where it answers at once. As in Nest, an Observable's last value counts. */
export function verdictOf(guard: CanActivate, context: ExecutionContext): MaybePromise<boolean> {
  const verdict = guard.canActivate(context);
  return typeof verdict === 'boolean' ? verdict : laterVerdict(verdict);
}

async function laterVerdict(verdict: ReturnType<CanActivate['canActivate']>): Promise<boolean> {
  const value = await verdict;
  return isObservable(value) ? lastValueFrom(value) : value;
}
