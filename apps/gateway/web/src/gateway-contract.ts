/** What this page asks of the gateway, beyond what the client library has methods for. */
export interface GatewayRequests {
  readonly 'chat.send': {
    readonly data: { readonly room: string; readonly text: string };
    readonly response: { readonly id: string };
  };
  readonly chat: {
    readonly data: { readonly to: string; readonly data: { readonly text: string } };
    readonly response: { readonly id: string };
  };
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
