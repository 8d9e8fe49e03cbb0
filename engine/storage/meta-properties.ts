/**
 * `meta.properties`: to which cluster and broker a log directory belongs (version 1, KRaft;
 * source: MetaProperties.java, KIP-858).
 *
 *     node.id=1
 *     directory.id=Hk3...
 *     version=1
 *     cluster.id=Lw9...
 *
 * Unlike the real file, it begins without the line with the date.
 * Not here: what a broker does when the identifiers are not its own.
 */
import type { Disk, DiskResult } from '../kernel/ports.ts';
import { assert } from '../kernel/assert.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { META_PROPERTIES } from './log-directory.ts';

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
}

/** What the file says; null if there is none or it is not whole. */
export function readMetaProperties(disk: Disk, logDir: string): MetaProperties | null {
  const text = new CheckpointFile(disk, `${logDir}/${META_PROPERTIES}`).read();
  if (text === null) return null;
  const properties = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (line.startsWith('#') || equals < 0) continue;
    properties.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  const clusterId = properties.get('cluster.id') ?? '';
  const nodeId = Number(properties.get('node.id') ?? 'none');
  const directoryId = properties.get('directory.id') ?? '';
  if (properties.get('version') !== '1' || clusterId === '' || directoryId === '') return null;
  return Number.isSafeInteger(nodeId) ? { clusterId, nodeId, directoryId } : null;
}

/** Writes the file; `done` when it is durable. */
export function writeMetaProperties(
  disk: Disk,
  logDir: string,
  meta: MetaProperties,
  done?: (result: DiskResult) => void,
): void {
  const { clusterId, nodeId, directoryId } = meta;
  assert(clusterId !== '' && directoryId !== '', 'identifiers', { clusterId, directoryId });
  const lines = ['#', `node.id=${nodeId}`, `directory.id=${directoryId}`, 'version=1'];
  const text = [...lines, `cluster.id=${clusterId}`, ''].join('\n');
  new CheckpointFile(disk, `${logDir}/${META_PROPERTIES}`).write(text, done);
}
