import type { LossReason } from '@nest-wsc/client';
import type { Session } from './session.js';

/** Where everybody is, and so how the page knows who is online. */
export const lobby = 'chat:lobby';

/** Something said, or something that happened, in a conversation. */
export interface Entry {
  readonly id: string;
  readonly kind: 'message' | 'notice';
  /** Empty for a notice. */
  readonly from: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `not-stored`: the gateway had nowhere to keep it, so nobody will get it. */
  readonly delivery: 'received' | 'sending' | 'sent' | 'failed' | 'not-stored';
  /** It was said before the page was opened. */
  readonly isEarlier?: boolean;
}

/** A room, or a person. */
export interface Conversation {
  readonly id: string;
  readonly kind: 'room' | 'direct';
  /** The room's name or the person's user id. */
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly unread: number;
  /** User ids in a room, in alphabetical order. */
  readonly members: readonly string[];
  /** Its history was loaded, so the room keeps one. */
  readonly hasHistory: boolean;
  /** How often a room could not be joined since somebody wanted to; it is tried again. 0 once it is. */
  readonly failedJoins: number;
}

/** What became of the messages that were missed in a room. */
export interface CatchUp {
  readonly room: string;
  /** How many came late. */
  readonly count: number;
  /** Why others will not come. */
  readonly lossReason?: LossReason;
}

/** How the connection is, in the words of the client library, and what the countdown says. */
export interface ConnectionStatus {
  readonly state: 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed';
  /** Failed attempts since it was last open. */
  readonly attempt: number;
  /** Until the next attempt. */
  readonly secondsLeft?: number;
  /** Why it is closed for good. */
  readonly reason?: string;
}

/** Something to be noticed and put away. */
export interface Toast {
  readonly id: string;
  readonly kind: 'notification' | 'broadcast' | 'message' | 'update' | 'problem';
  readonly title: string;
  readonly body: string;
  readonly icon?: string;
  readonly link?: string;
  /** The {@link Conversation.id} that it is about. */
  readonly opens?: string;
}

/** Which of the panes a narrow screen shows. */
export type Pane = 'list' | 'conversation' | 'admin';

/** All that the page shows. */
export interface AppState {
  readonly session: Session | undefined;
  readonly loginProblem: string | undefined;
  readonly connection: ConnectionStatus;
  readonly conversations: readonly Conversation[];
  /** {@link Conversation.id} */
  readonly activeId: string;
  readonly pane: Pane;
  readonly toasts: readonly Toast[];
  /** Since it was last put away. */
  readonly catchUps: readonly CatchUp[];
  readonly stats: Readonly<Record<string, unknown>> | undefined;
}

/** Nobody is logged in. */
export const initialState: AppState = {
  session: undefined,
  loginProblem: undefined,
  connection: { state: 'idle', attempt: 0 },
  conversations: [],
  activeId: `room:${lobby}`,
  pane: 'conversation',
  toasts: [],
  catchUps: [],
  stats: undefined,
};
