/** What `getPattern()` answers where no message is on its way. No event can have these names (PROTOCOL.md §5). */
export const patterns = { handshake: '$handshake', connect: '$connect', disconnect: '$disconnect' } as const;
