import type { DevicePolicy } from '../../core/hub-options.js';

type WhenExceeded = DevicePolicy['whenExceeded'];
type DeviceCount = 'single' | `max:${number}`;

/**
 * How many devices of a user may be connected, in words: `unlimited`; `single` or `max:3`, each with what happens to one
 * more: `:kick-oldest` (the default: the devices longest connected go), `:kick-all` (all others go) or `:reject-new` (429).
 * Tabs of one browser that name the same device count once.
 */
export type DevicePolicyText = 'unlimited' | DeviceCount | `${DeviceCount}:${WhenExceeded}`;

const pattern = /^(?:single|max:(?<count>[1-9]\d{0,5}))(?::(?<whenExceeded>kick-oldest|kick-all|reject-new))?$/;

/** What {@link parseDevicePolicy} reads, for messages. */
export const devicePolicyForm =
  'unlimited, single or max:N (N from 1 to 999999), the latter two with :kick-oldest, :kick-all or :reject-new behind them';

/** @throws {Error} when the text is not a policy. */
export function parseDevicePolicy(text: string): DevicePolicy {
  if (text === 'unlimited') return { maxDevices: 0, whenExceeded: 'kick-oldest' };
  const match = pattern.exec(text);
  if (match === null) throw new Error(`Expected a device policy (${devicePolicyForm}), got ${JSON.stringify(text)}`);
  const { count = '1', whenExceeded } = match.groups ?? {};
  return { maxDevices: Number(count), whenExceeded: toWhenExceeded(whenExceeded) };
}

function toWhenExceeded(text: string | undefined): WhenExceeded {
  return text === 'kick-all' || text === 'reject-new' ? text : 'kick-oldest';
}
