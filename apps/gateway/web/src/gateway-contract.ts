import type { Message, Position } from '@nest-wsc/client';

/** What this page asks of the gateway, beyond what the client library has methods for. */
export interface GatewayRequests {
  readonly history: {
    readonly data: { readonly room: string; readonly since?: Position; readonly limit: number };
    readonly response: HistoryPage;
  };
}

/** A part of what a room keeps (PROTOCOL.md §6.3). */
export interface HistoryPage {
  readonly messages: readonly Message[];
  /** With `epoch`, the newest place in the room. */
  readonly offset?: number;
  readonly epoch?: string;
  /** Whether there are no more. */
  readonly complete: boolean;
  /** Why there are none. */
  readonly reason?: string;
}

const roomPattern = /^[A-Za-z0-9_.:-]{1,120}$/;

/** A room as somebody types it: `garden` is `chat:garden`, `doc:plan` stays. Undefined for what can't be one. */
export function parseRoomName(typed: string): string | undefined {
  const name = typed.trim().replace(/^#/, '').trim().replaceAll(' ', '-');
  if (!roomPattern.test(name)) return undefined;
  return name.includes(':') ? name : `chat:${name}`;
}

/** `chat:garden` is shown as `garden`. */
export const roomLabel = (room: string): string => room.replace(/^chat:/, '');
