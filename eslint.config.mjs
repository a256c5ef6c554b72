import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Tests state what is, so they may look inside: `expect.any` is an `any`, `connection.send` goes unbound to `expect`. */
const specs = ['**/*.spec.ts', 'test/**/*.ts'];

const functionLike = [
  'FunctionDeclaration',
  'ArrowFunctionExpression',
  'MethodDefinition[kind!="constructor"] > FunctionExpression',
];

/** The house rules that no rule of a package holds. */
const houseSyntax = [
  {
    selector: 'TSEnumDeclaration',
    message:
      'Use a literal union or an `as const` object: an enum is a second thing to import and does not narrow JSON.',
  },
  {
    selector: functionLike.map((selector) => `${selector}[params.length>3]`).join(', '),
    message: 'More than three parameters: take one options object (constructors that Nest calls excepted).',
  },
];

const privateKeyword = {
  selector: ':matches(PropertyDefinition, MethodDefinition, TSParameterProperty)[accessibility="private"]',
  message: 'Use `#private` in the core: it is private at run time too.',
};

/** The core is given its time, its log and its settings; otherwise it could not be tested with a fake clock. */
const coreGlobals = [
  { name: 'process', message: 'The core takes its settings as options.' },
  { name: 'console', message: 'The core logs through the Logger port.' },
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
    name,
    message: 'The core takes a Clock.',
  })),
];

const strictTypeScript = {
  files: ['**/*.ts'],
  extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
  languageOptions: { parserOptions: { project: 'tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
  rules: {
    eqeqeq: 'error',
    'max-lines': ['error', { max: 400 }],
    'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    'no-restricted-syntax': ['error', ...houseSyntax],
    'object-shorthand': 'error',
    // Parse, don't cast. `as const` stays allowed.
    '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
    // Leaves files with decorators alone, whose imports Nest reads at run time.
    '@typescript-eslint/consistent-type-imports': 'error',
    '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
    '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    // Classes here often are shapes with decorators (DTOs, views for OpenAPI); a literal of that shape is as good.
    '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    '@typescript-eslint/prefer-readonly': 'error',
    // `async` without `await` turns a throw into the rejection that a port promises.
    '@typescript-eslint/require-await': 'off',
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    '@typescript-eslint/return-await': ['error', 'in-try-catch'],
    '@typescript-eslint/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true, allowDefaultCaseForExhaustiveSwitch: false },
    ],
  },
};

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', 'bench/results/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  strictTypeScript,
  {
    files: ['libs/wsc/src/core/**/*.ts'],
    ignores: specs,
    rules: {
      'no-restricted-globals': ['error', ...coreGlobals],
      'no-restricted-syntax': ['error', ...houseSyntax, privateKeyword],
    },
  },
  {
    files: ['libs/**/*.ts'],
    ignores: specs,
    rules: { 'no-console': 'error' },
  },
  {
    files: ['bench/**/*.ts'],
    rules: {
      // Processes of the benchmark trust what they tell each other: `JSON.parse` goes into a declared type unchecked.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: specs,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/consistent-type-assertions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [eslint.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'Buffer',
          'URL',
          'console',
          'fetch',
          'performance',
          'process',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'setImmediate',
          'AbortController',
          'AbortSignal',
          'WebSocket',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
