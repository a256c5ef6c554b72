import { marks, type IdempotentOptions } from './marks.js';

/**
 * Says of a `@SubscribeMessage` method what becomes of a request with an `id` whose node died before it answered.
 *
 * @example
 * ```ts
 * @Idempotent({ onLost: 'rerun' })
 * @SubscribeMessage('profile.save')
 * async save(@MessageBody() profile: ProfileDto) { … }
 * ```
 */
export function Idempotent(options: IdempotentOptions): MethodDecorator {
  return marks.idempotent(options);
}
