/**
 * Paths of znodes: what is a path, and who is whose parent.
 *
 * Source: ZooKeeper Programmer's Guide, "The ZooKeeper Data Model";
 * `org.apache.zookeeper.common.PathUtils`.
 */
import { assert } from '../kernel/assert.ts';

/** Why a text is no path, or null if it is one. */
export function pathProblem(path: string): string | null {
  if (!path.startsWith('/')) return 'a path begins with /';
  if (path === '/') return null;
  if (path.endsWith('/')) return 'a path does not end with /';
  for (const part of path.slice(1).split('/')) {
    if (part === '') return 'a path has no empty part';
    if (part === '.' || part === '..') return 'a path has no relative parts';
    for (let at = 0; at < part.length; at++) {
      if (isBanned(part.charCodeAt(at))) return 'a path has no control characters';
    }
  }
  return null;
}

/** C0 and C1 controls, surrogates, private use, and what is no character. */
function isBanned(unit: number): boolean {
  if (unit <= 0x1f || (unit >= 0x7f && unit <= 0x9f)) return true;
  return (unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0;
}

/** The path of a znode's parent. The root has none. */
export function parentOf(path: string): string {
  assert(path.startsWith('/') && path !== '/', 'a path below the root', { path });
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
