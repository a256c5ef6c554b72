import { cpus, release, totalmem, type } from 'node:os';
import { peers } from './peers.js';

/** Where figures come from; without it they mean nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Packages and versions of the peers that are installed. */
  readonly peers: readonly string[];
}

/** This machine, and what is installed on it. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release().split('-')[0] ?? ''}`,
    node: process.version,
    v8: process.versions.v8,
    peers: peers.flatMap(({ availability }) => {
      const found = availability();
      return found.command === undefined ? [] : [found.version];
    }),
  };
}

/** In one line. */
export function machineText({ cpu, cores, memoryGb, system, node, peers: versions }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}; ${versions.join(', ')}`;
}
