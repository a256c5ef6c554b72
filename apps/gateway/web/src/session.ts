import type { RoomPositions } from '@nest-wsc/client';
import { makeId } from './make-id.js';
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
const positionsKey = 'nest-wsc.positions';
const deviceKey = 'nest-wsc.device';

/** Whether the HTTP API lets this user in. */
export const isStaff = ({ userType }: Session): boolean => userType === 'admin' || userType === 'agent';

/** Per tab, so that two tabs can be two people. */
export function saveSession(session: Session): void {
  sessionStorage.setItem(sessionKey, JSON.stringify(session));
}

/** Nothing stays of who was here. */
export function forgetSession(): void {
  for (const key of [sessionKey, roomsKey, activeKey, positionsKey]) sessionStorage.removeItem(key);
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

/** How far each room was read, so that a reload goes on there. */
export function savePositions(positions: RoomPositions): void {
  // Who logs out is forgotten first, and then the client saves what it has.
  if (sessionStorage.getItem(sessionKey) !== null) sessionStorage.setItem(positionsKey, JSON.stringify(positions));
}

export const loadPositions = (): unknown => parseJson(sessionStorage.getItem(positionsKey) ?? '');

/** Names this browser, for all its tabs: a durable message waits until each device of the user has it, and tabs don't come back. */
export function loadDeviceId(): string {
  const deviceId = localStorage.getItem(deviceKey) ?? makeId();
  localStorage.setItem(deviceKey, deviceId);
  return deviceId;
}
