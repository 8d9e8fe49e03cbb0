/**
 * dependency-cruiser: no cycles, no import that does not resolve, and the engine's few packages.
 * The directions between folders are in test/tidy/layers.ts.
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
    {
      name: 'packages-of-the-engine',
      severity: 'error',
      from: { path: '^engine', pathNot: '^engine/node' },
      to: { path: 'node_modules', pathNot: 'node_modules/(xstate|fflate|snappyjs|fzstd)/' },
    },
    {
      name: 'node-only-in-node',
      severity: 'error',
      from: { path: '^(engine|lessons)', pathNot: '^engine/node' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-development-packages-in-the-command',
      severity: 'error',
      // kafkajs is loaded only when `highwater run --on` asks for it, and missed with a sentence.
      from: { path: '^engine', pathNot: '^engine/node/(bench|real/kafkajs-client)' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'svelte', 'default', 'types'],
      extensions: ['.ts', '.svelte', '.js', '.mjs'],
    },
    exclude: { path: 'svx$' },
  },
};
