import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../core/ports/clock.js';

// Node's timers hold 32 bits: a longer delay would fire at once.
const longestDelayMs = 2 ** 31 - 1;

/** Time of the machine. Its timers don't keep the process alive. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): Timer {
    let timer: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      const stepMs = Math.min(remainingMs, longestDelayMs);
      timer = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : callback()), stepMs).unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(timer) };
  }

  every(intervalMs: number, callback: () => void): Timer {
    const timer = setInterval(callback, Math.min(intervalMs, longestDelayMs)).unref();
    return { cancel: () => clearInterval(timer) };
  }

  nextTurn(callback: () => void): void {
    setImmediate(callback);
  }
}
