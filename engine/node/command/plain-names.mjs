/**
 * A loader behind tsx's: closures are made without the call that keeps their names.
 *
 * tsx has esbuild keep the name of every function through a `defineProperty` each time that one is
 * made, which takes a tenth of the time of a simulation. Nobody minifies here, so nothing is lost.
 * The text keeps its length, for source maps count its columns. Where tsx writes it otherwise,
 * nothing changes. Not here: the loader itself (`highwater.mjs` registers both).
 */
const KEEPER = /var __name=\(target,value\)=>__defProp\([^;]*\);/;
const PLAIN = 'var __name=(target)=>target;';

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (loaded.format !== 'module' || !/\.ts(\?|$)/.test(url)) return loaded;
  const source = String(loaded.source);
  return { ...loaded, source: source.replace(KEEPER, (kept) => PLAIN.padEnd(kept.length)) };
}
