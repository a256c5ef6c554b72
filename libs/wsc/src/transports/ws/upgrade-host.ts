import type { Handshake, HandshakeRequest } from '../../core/connect/handshake.js';
import type { Cancellation } from '../../core/async/cancellation.js';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import type { Encoding, TransportLink } from '../../core/ports/transport.js';

/** Leave to open one connection: what a gate answers. */
export interface UpgradeAdmission {
  readonly handshake: Pick<Handshake, 'protocol'>;
  readonly endpoint: {
    /** What a client speaks on this path that offers no subprotocol. */
    readonly defaultProtocol?: string;
  };
  /** Gives back what was reserved, when no connection came of it. */
  release(): void;
}

/** What a link tells the connection that it carries. None of these throws. */
export interface LinkOwner {
  /** The payload of one message, text or binary. It may be a view into a shared buffer: not to be kept. */
  receive(payload: Uint8Array): void;
  /** The link takes bytes again. */
  drained(): void;
  /** Traffic came that is not a message. */
  touch(): void;
  /** The link is gone; called once, last. */
  closed(code: number, reason: string): void;
}

/** What this transport needs of a hub. */
export interface UpgradeHost {
  readonly paths: {
    /** Undefined: not one of ours. */
    match(path: string): object | undefined;
  };
  readonly gate: {
    /**
     * Every check between the parsed request and the 101 (PROTOCOL.md §1).
     * @param cancellation cancelled when the client goes away or the transport closes, with a {@link HandshakeRefusal} as its reason.
     * @throws {HandshakeRefusal}
     */
    admit(request: HandshakeRequest, cancellation: Cancellation): Promise<UpgradeAdmission>;
    /** Whether a page of this request's `Origin` may read why it was refused. Absent: none may. */
    allowsOrigin?(request: HandshakeRequest): MaybePromise<boolean>;
  };
  /** Opens the connection after the 101. Synchronous, so that no byte arrives before there is somebody to take it. */
  open(admission: UpgradeAdmission, link: TransportLink, encoding: Encoding): LinkOwner;
}
