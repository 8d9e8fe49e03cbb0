/**
 * Which nodes a node's cluster has, as it knew when it ended: a file on its disk, which it reads
 * before it has any tables, for it has to know whom to connect to.
 *
 * Source: `rabbit_node_monitor` (`cluster_nodes.config`), `rabbit_mnesia` (`force_load`).
 * Differs: the file is JSON, and says besides what becomes of a join or a forced load that is not
 * over, for which there are files of their own.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { CheckpointFile } from '../../../storage/checkpoint-file.ts';
import type { NodeRow, NodeType } from '../../metadata/rows.ts';

const FILE = 'cluster_nodes.config';

interface Content {
  readonly nodes: readonly NodeRow[];
  readonly isForced: boolean;
  readonly isJoining: boolean;
}

export class ClusterNodes {
  readonly #ports: Ports;
  #file: CheckpointFile;
  #content: Content;

  constructor(ports: Ports, initial: readonly NodeRow[]) {
    this.#ports = ports;
    this.#file = new CheckpointFile(ports.disk, FILE);
    const text = this.#file.read();
    const begin = { nodes: initial, isForced: false, isJoining: false };
    this.#content = text === null ? begin : (JSON.parse(text) as Content);
    const isHere = this.rows.some(({ name }) => name === ports.host);
    assert(isHere, 'a node is one of its cluster', { host: ports.host, text });
  }

  get rows(): readonly NodeRow[] {
    return this.#content.nodes;
  }

  get types(): ReadonlyMap<string, NodeType> {
    return new Map(this.rows.map(({ name, type }) => [name, type]));
  }

  get isForced(): boolean {
    return this.#content.isForced;
  }

  get isJoining(): boolean {
    return this.#content.isJoining;
  }

  /** Changes what is said here; `written` when it is on the disk. A failed write ends the node. */
  set(change: Partial<Content>, written: () => void = () => {}): void {
    const content = { ...this.#content, ...change };
    const isSame = JSON.stringify(content) === JSON.stringify(this.#content);
    this.#content = content;
    if (isSame && this.#file.read() !== null) return written();
    this.#file.write(JSON.stringify(content), (result) => {
      if (result === 'ok') written();
      else this.#ports.halt(`cannot write ${FILE}: ${result}`);
    });
  }

  /** All that is on the node's disk goes, and it is alone (`rabbit_mnesia:wipe`). */
  wipe(wiped: () => void): void {
    const { disk, host } = this.#ports;
    for (const path of disk.list('')) disk.remove(path);
    this.#file = new CheckpointFile(disk, FILE);
    const nodes = [{ name: host, type: 'disc' as const }];
    this.set({ nodes, isForced: false, isJoining: false }, wiped);
    assert(this.rows.length === 1, 'who was wiped is alone', { host });
  }
}
