export { answerClientError } from './client-error.js';
export type { OwnPort } from './own-port.js';
export { WsTransport } from './ws-transport.js';
