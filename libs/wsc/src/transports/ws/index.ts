export { answerClientError } from './client-error.js';
export { WsTransport } from './ws-transport.js';
