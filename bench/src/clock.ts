let offsetUs = 0;

/**
 * Microseconds of the machine's monotonic clock: the same in every process, so that one can time what another has stamped.
 * `performance.timeOrigin` would not do: a process takes it from the wall clock as it starts, and they differ by milliseconds.
 */
export function nowMicroseconds(): number {
  return Math.round(hrtimeUs() + offsetUs);
}

/** So many readings, because one that is interrupted between the two clocks is wrong by as much. */
const readings = 100;

/**
 * For a runtime whose `hrtime` begins anew in each process: `readMachineUs` reads the machine's clock. Where it gives NaN there
 * are no stamps.
 */
export function alignClock(readMachineUs: () => number): void {
  let shortestUs = Infinity;
  for (let reading = 0; reading < readings; reading += 1) {
    const before = hrtimeUs();
    const machineUs = readMachineUs();
    const tookUs = hrtimeUs() - before;
    if (tookUs >= shortestUs) continue;
    shortestUs = tookUs;
    offsetUs = machineUs - before - tookUs / 2;
  }
}

function hrtimeUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1000;
}
