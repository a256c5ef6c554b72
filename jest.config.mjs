import { availableParallelism } from 'node:os';
import { findProgram, programVariables } from './scripts/programs.mjs';

// The tests that start these programs read them; workers inherit them.
for (const variable of programVariables) {
  const path = findProgram(variable);
  if (path !== undefined) process.env[variable] = path;
}

const swc = [
  '@swc/jest',
  {
    swcrc: false,
    sourceMaps: 'inline',
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
  },
];

/**
 * Nest 12, jose and uuid are ESM only: swc turns them and our TypeScript into CommonJS, so that no
 * `--experimental-vm-modules` is needed. Types are checked apart, by `npm run typecheck`.
 */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{libs,apps,test,bench}/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/(libs|apps)/[^/]+/dist/', '<rootDir>/bench/dist/'],
  transform: { '^.+\\.[tj]s$': swc },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|jose|uuid)/)'],
  moduleNameMapper: {
    '^@nest-wsc/(protocol|redis|client|wsc|publisher|demo-service)$': '<rootDir>/libs/$1/src/index.ts',
    '^@nest-wsc/protocol/cluster$': '<rootDir>/libs/protocol/src/cluster/index.ts',
    '^@nest-wsc/publisher/nest$': '<rootDir>/libs/publisher/src/nest/index.ts',
    '^@nest-wsc/wsc/(core|testing)$': '<rootDir>/libs/wsc/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  collectCoverageFrom: ['{libs,apps}/*/src/**/*.ts', '!**/*.spec.ts'],
  testTimeout: 20_000,
  // After half a second Jest would speak of a leak: but ioredis' timers of closed Sentinel connections run for 2 s, and on a busy
  // machine a worker with nothing open takes longer to end.
  workerGracefulExitTimeout: 10_000,
  // Many tests wait for other processes: on two cores, two at a time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
