/** A message between nodes, complete; where it goes is said by the channel. */
export interface ClusterMessage {
  readonly message: {
    readonly id: string;
    readonly event: string;
    /** Anything that JSON can write. */
    readonly data: unknown;
    readonly from?: string | undefined;
    readonly fromName?: string | undefined;
    readonly room?: string | undefined;
    readonly to?: string | undefined;
    readonly priority: 'normal' | 'high';
    readonly key?: string | undefined;
    /** Asks each device for an acknowledgement, for the n-th time. */
    readonly ack?: { readonly attempt: number };
    /** Milliseconds since 1970. */
    readonly timestamp: number;
  };
  /** The connection that must not hear it. */
  readonly exceptConnectionId?: string;
  /** The instance id of the node that waits for acknowledgements. */
  readonly ackTo?: string;
  /** Who of everyone is meant; on the channel for everyone only. */
  readonly audience?: ClusterAudience;
  /** Its place in the stream of its room (PROTOCOL.md §6.1); the store has it. */
  readonly position?: { readonly offset: number; readonly epoch: string };
}

/** All that is given must hold; a list holds if one of it does. */
export interface ClusterAudience {
  readonly userTypes?: readonly string[];
  readonly rooms?: readonly string[];
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** How much is taken at once; both sides hold to it. */
export const clusterLimits = Object.freeze({
  /** Of one message, as JSON text in UTF-8. */
  maxMessageBytes: 8_388_608,
  /** Of one batch: what comes with a message that is itself as large as allowed. */
  maxBatchBytes: 16_777_216,
  maxBatchMessages: 1_000,
  /** Nesting of one message, its data included: far above that of a client's, since it is the application's own. */
  maxDepth: 128,
  /** Object keys of one message. */
  maxKeys: 100_000,
  /** Characters of a text that is no name: a sender, a display name, an id of another node. */
  maxTextLength: 1_024,
  /** Names in a list of an audience, and keys of its metadata. */
  maxAudienceItems: 1_000,
});

/**
 * One message as JSON text, a part of a batch.
 * @throws {TypeError} where its data can't be written (a cycle, a BigInt).
 */
export function encodeClusterMessage(clusterMessage: ClusterMessage): string {
  const { message, exceptConnectionId, ackTo, audience, position } = clusterMessage;
  // One literal with every field, so that it keeps one hidden class; JSON.stringify leaves out what is undefined.
  return JSON.stringify({
    id: message.id,
    event: message.event,
    data: message.data,
    from: message.from,
    from_name: message.fromName,
    room: message.room,
    to: message.to,
    priority: message.priority === 'normal' ? undefined : message.priority,
    key: message.key,
    ack: message.ack?.attempt,
    timestamp: message.timestamp,
    except: exceptConnectionId,
    ack_to: ackTo,
    audience: audience && { user_types: audience.userTypes, rooms: audience.rooms, metadata: audience.metadata },
    offset: position?.offset,
    epoch: position?.epoch,
  });
}
