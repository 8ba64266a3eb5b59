/** Lint rules: what the compiler cannot see. Style is prettier's. */
import tseslint from 'typescript-eslint';

/** Folders and the program, by its tsconfig.json, that their files are of. A later folder may be inside of an earlier one. */
const PROGRAMS = {
  shared: 'shared',
  certs: 'certs',
  'control-plane': 'control-plane',
  'control-plane/console': 'control-plane/console',
  'edge-agent': 'edge-agent',
  installer: 'installer',
  test: 'test',
  scripts: 'test',
  'docs/examples': 'test',
};

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.casare*/', '**/generated/', 'vitest.config.ts'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-restricted-syntax': ['error', { selector: 'TSEnumDeclaration', message: 'Use z.enum or a const object.' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // The index is checked where it is made; `!` says so, and noUncheckedIndexedAccess makes it visible.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      // JSON values become text on purpose, after their kind was looked at in ways the rule does not follow.
      '@typescript-eslint/no-base-to-string': 'off',
      // Texts that are spread here are ASCII alphabets.
      '@typescript-eslint/no-misused-spread': 'off',
      // `void 0` marks a branch of a switch or a promise on purpose; an async function may satisfy an interface without awaiting.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/require-await': 'off',
      // The ASN.1 library's schema classes are also built from plain arrays; it says so itself.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  // With one list for all, a file is looked for in one program after the other, and each is made for that.
  ...Object.entries(PROGRAMS).map(([folder, program]) => ({
    files: [`${folder}/**/*.ts`, `${folder}/**/*.tsx`],
    languageOptions: { parserOptions: { project: [`./${program}/tsconfig.json`] } },
  })),
  {
    files: ['control-plane/src/cli/**', 'control-plane/console/src/**', 'certs/src/cli/**', 'scripts/quickstart/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: 'shared/(dist/)?api(/index.js)?$',
              importNames: ['api', 'ENDPOINTS', 'API_PREFIX'],
              message: 'Programs call by what the OpenAPI document says: `api` of @casare/shared/client.',
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.mjs'], extends: [tseslint.configs.base], languageOptions: { sourceType: 'module' } },
);
