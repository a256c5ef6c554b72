export { answerClientError } from './client-error.js';
export type { OwnPort, OwnPortOptions } from './own-port.js';
export type { LinkOwner, UpgradeAdmission, UpgradeHost } from './upgrade-host.js';
export { WsTransport, type ForeignPaths, type WsTransportOptions, type WsTransportStats } from './ws-transport.js';
