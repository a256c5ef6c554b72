import type { CloseCode } from '@nest-wsc/protocol';
import { toBuffer, type LinkBytes, type TransportLink } from '../core/ports/transport.js';

/** A link without a network: keeps what is written, and refuses bytes while a test blocks it. */
export class FakeLink implements TransportLink {
  /** What was written and taken, in order. */
  readonly writes: Buffer[] = [];
  /** How the server closed it; undefined while it is open. */
  closedWith: CloseCode | undefined;
  isTerminated = false;
  isPaused = false;
  pings = 0;
  /** Takes bytes, but asks for no more. */
  isBlocked = false;

  write(bytes: LinkBytes): boolean {
    if (this.closedWith === undefined && !this.isTerminated) this.writes.push(toBuffer(bytes));
    return !this.isBlocked;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  ping(): void {
    this.pings += 1;
  }

  close(code: CloseCode): void {
    this.closedWith ??= code;
  }

  terminate(): void {
    this.isTerminated = true;
  }
}
