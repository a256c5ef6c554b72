import { WscError } from '@nest-wsc/protocol';

/** The id stands for another content. */
export function idInUse(): WscError {
  return new WscError('WSC_CONFLICT', { message: 'This id was used for another request.' });
}

/** The owner has to wait for one of its requests to end. */
export function tooManyRunning(): WscError {
  return new WscError('WSC_LIMIT_EXCEEDED', { message: 'Too many requests with an id are running.' });
}
