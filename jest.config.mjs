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

/** Nest 12 and jose, uuid are ESM only: swc turns them and our TypeScript into CommonJS, so that no --experimental-vm-modules is needed. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{libs,apps,test}/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/(libs|apps)/[^/]+/dist/'],
  transform: { '^.+\\.[tj]s$': swc },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|jose|uuid)/)'],
  moduleNameMapper: {
    '^@nest-wsc/(protocol|client|wsc)$': '<rootDir>/libs/$1/src/index.ts',
    '^@nest-wsc/wsc/(core|testing)$': '<rootDir>/libs/wsc/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 20_000,
};
