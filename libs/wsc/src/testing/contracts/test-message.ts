import type { OutboundMessage } from '../../core/messages/message.js';

/** A message as an application might send it, for the contract suites. */
export function testMessage(
  id: string,
  data: unknown = { text: 'Grüße 👋', list: [1, null, true], __nested: {} },
): OutboundMessage {
  return { id, event: 'note', data, priority: 'normal', timestamp: 1_700_000_000_000 };
}
