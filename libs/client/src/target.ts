import { WscError } from '@nest-wsc/protocol';

/** What one attempt connects to. */
export interface Target {
  readonly url: string;
  readonly protocols: readonly string[];
  /** For the question why an upgrade was refused. */
  readonly token: string | undefined;
}

/** The parts of a {@link Target}. */
export interface TargetParts {
  readonly url: URL;
  readonly subprotocol: string;
  readonly token: string | undefined;
  readonly connectToken: string | undefined;
  readonly deviceId: string | undefined;
}

// The server keeps a session only for those who say that they will come back to it (PROTOCOL.md §6.4).
const resumeFlag = 'resume.v1';

// RFC 9110 §5.6.2: what a subprotocol may consist of. A JWT does.
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * A token travels as a further subprotocol, since browsers can't set headers (PROTOCOL.md §1.2).
 * @throws {WscError} WSC_UNAUTHORIZED where the token can't travel
 */
export function createTarget({ url, subprotocol, token, connectToken, deviceId }: TargetParts): Target {
  if (token !== undefined && !tokenPattern.test(token)) {
    const message = 'The token is empty or has characters that a subprotocol can not carry. A JWT has none of them.';
    throw new WscError('WSC_UNAUTHORIZED', { message });
  }
  const target = new URL(url);
  if (deviceId !== undefined) target.searchParams.set('device_id', deviceId);
  if (connectToken !== undefined) target.searchParams.set('connect_token', connectToken);
  return {
    url: target.href,
    protocols: [subprotocol, ...(token === undefined ? [] : [`bearer.${token}`]), resumeFlag],
    token,
  };
}
