import { fieldsOf, numberOf, parseJson, textOf } from './parse.js';

/** Who is logged in, in this tab. */
export interface Session {
  readonly userId: string;
  readonly userType: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const sessionKey = 'nest-wsc.session';
const roomsKey = 'nest-wsc.rooms';
const activeKey = 'nest-wsc.active';

/** Whether the HTTP API lets this user in. */
export const isStaff = ({ userType }: Session): boolean => userType === 'admin' || userType === 'agent';

/** Per tab, so that two tabs can be two people. */
export function saveSession(session: Session): void {
  sessionStorage.setItem(sessionKey, JSON.stringify(session));
}

/** Nothing stays of who was here. */
export function forgetSession(): void {
  for (const key of [sessionKey, roomsKey, activeKey]) sessionStorage.removeItem(key);
}

export function loadSession(): Session | undefined {
  const fields = fieldsOf(parseJson(sessionStorage.getItem(sessionKey) ?? ''));
  const session: Session = {
    userId: textOf(fields['userId']),
    userType: textOf(fields['userType']),
    token: textOf(fields['token']),
    expiresAt: numberOf(fields['expiresAt']),
  };
  return session.userId === '' || session.token === '' ? undefined : session;
}

export function saveRooms(rooms: readonly string[]): void {
  sessionStorage.setItem(roomsKey, JSON.stringify(rooms));
}

export function loadRooms(): readonly string[] {
  const rooms = parseJson(sessionStorage.getItem(roomsKey) ?? '');
  return Array.isArray(rooms) ? rooms.map(textOf).filter((room) => room !== '') : [];
}

/** @param id of the conversation that is shown */
export function saveActive(id: string): void {
  sessionStorage.setItem(activeKey, id);
}

/** Empty where nothing was saved. */
export const loadActive = (): string => sessionStorage.getItem(activeKey) ?? '';
