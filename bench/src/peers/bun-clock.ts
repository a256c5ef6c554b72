import { dlopen } from 'bun:ffi';

/** The C library of systems that Bun runs on, and the number of the clock which is Node's `hrtime` there. */
const clocks = [
  { platform: 'linux', library: 'libc.so.6', clock: 1 },
  { platform: 'darwin', library: 'libSystem.B.dylib', clock: 8 },
] as const;

/** Reads the machine's monotonic clock under Bun, whose own begin with the process: microseconds, NaN where there is no way. */
export function machineClock(): () => number {
  const found = clocks.find(({ platform }) => platform === process.platform);
  if (found === undefined) return () => NaN;
  try {
    const { symbols } = dlopen(found.library, { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } });
    const time = new BigInt64Array(2);
    return () => {
      const isRead = symbols.clock_gettime(found.clock, time) === 0;
      return isRead ? Number(time[0]) * 1e6 + Number(time[1]) / 1000 : NaN;
    };
  } catch {
    // Another C library (musl).
    return () => NaN;
  }
}
