/**
 * The class by which a component's styles are its own. It stands at every element that they name,
 * a thousand times in a lesson's text, so it is short; two files of one class stop the build.
 *
 * It is made of the file's path, so that the build for Node and the one for browsers agree.
 */
import type { CompileOptions } from 'svelte/compiler';

const LENGTH = 4;

/** @param root the clone's folder, with or without a slash at its end */
export function styleClass(root: string): NonNullable<CompileOptions['cssHash']> {
  const files = new Map<string, string>();
  return ({ filename, hash }) => {
    const path = filename.startsWith(root) ? filename.slice(root.length) : filename;
    const name = `s${hash(path.replaceAll('\\', '/')).slice(0, LENGTH - 1)}`;
    const other = files.get(name) ?? filename;
    if (other !== filename) throw new Error(`'${filename}' and '${other}' have one class: ${name}`);
    files.set(name, filename);
    return name;
  };
}
