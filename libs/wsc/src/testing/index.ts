export { describeBroker } from './contracts/broker.contract.js';
export { describeInbox, inboxContractMaxMessages, type InboxNode } from './contracts/inbox.contract.js';
export { describePresence } from './contracts/presence.contract.js';
export type { OpenNodes } from './contracts/runner.js';
export { describeStreams, type StreamsNode } from './contracts/streams.contract.js';
export { FakeClock, type FakeClockOptions } from './fake-clock.js';
export { FakeLink } from './fake-link.js';
export { MemoryLogger, type LogLine } from './memory-logger.js';
export { TestClient, TestHub, type TestClientOptions, type TestHubOptions } from './test-hub.js';
