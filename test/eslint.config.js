/**
 * Lint: what TypeScript does not see. The bans of the engine and the shape of the tree are not
 * here but in test/tidy, and the directions of imports in test/tidy/layers.ts.
 */
import { fileURLToPath } from 'node:url';
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** What a locator of Playwright tells at once, as the page is in that moment. */
const READS = [
  ...['count', 'isVisible', 'isHidden', 'isChecked', 'isDisabled', 'isEnabled'],
  ...['innerText', 'innerHTML', 'textContent', 'allInnerTexts', 'inputValue', 'getAttribute'],
];

export default defineConfig(
  { ignores: ['dist', '.svx', 'node_modules'] },
  js.configs.recommended,
  ts.configs.recommended,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { extraFileExtensions: ['.svelte'] },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      // links are made by web/routes.ts; these rules are for SvelteKit's router
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    // what can wait for a promise can forget one
    files: ['web/**/*.ts', 'test/**/*.ts', 'engine/node/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  {
    // a page answers when it can: what is read once passes or fails by the machine's load
    files: ['test/web/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.name="expect"] > AwaitExpression' +
            ` > CallExpression[callee.property.name=/^(${READS.join('|')})$/]`,
          message: 'Read a page by `await expect.poll(() => ...)`, which waits until it holds.',
        },
      ],
    },
  },
);
