/**
 * Types of the lessons' prose: svelte-check does not read .svx, so what mdsvex makes of each is
 * written to .svx/, where its imports resolve as if it stood in lessons/, and checked there. It
 * finds an unknown component or attribute, and a brace that became an expression.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile } from 'mdsvex';

const OUT = '.svx';

rmSync(OUT, { recursive: true, force: true });
const files = readdirSync('lessons', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.svx'),
);
for (const file of files) {
  const prose = await compile(readFileSync(join('lessons', file), 'utf8'), {
    smartypants: false,
    highlight: false as never,
  });
  const target = join(OUT, 'lessons', file.replace('.svx', '.svelte'));
  mkdirSync(dirname(target), { recursive: true });
  const typed = (prose?.code ?? '')
    .replace('<script context="module">', '<script module lang="ts">')
    .replace('<script>', '<script lang="ts">');
  writeFileSync(target, typed);
}
const config = {
  extends: '../tsconfig.json',
  compilerOptions: { rootDirs: ['..', '.'], noUnusedLocals: false },
  include: ['../web/**/*.d.ts', 'lessons/**/*.svelte'],
  exclude: [],
};
mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, 'tsconfig.json'), JSON.stringify(config));
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/svelte-check/bin/svelte-check',
    ...['--tsconfig', `${OUT}/tsconfig.json`, '--config', 'web/vite.config.ts'],
    ...['--fail-on-warnings', '--output', 'human'],
  ],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
