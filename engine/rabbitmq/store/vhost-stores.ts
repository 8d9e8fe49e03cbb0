/**
 * What a virtual host keeps of its classic queues: the message store, and the files of each queue.
 *
 * A start reads what the last incarnation left. If all queues and the store were shut down cleanly
 * (`recovery.dets`, `clean.dot`), their word is taken; else the indexes of all queues say which
 * messages of the store are wanted. Then each queue is opened by its name, whose hash is its
 * folder. Not here: which queues there are (metadata). Source: `rabbit_vhost:recover`,
 * `rabbit_recovery_terms`, `rabbit_variable_queue:start`. Differs: a queue keeps the version of
 * the index that its files have; there it is converted. The transient store is emptied at each
 * start, as in the real one; nothing is written to it, since all messages stay in memory.
 */
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Profile } from '../profiles.ts';
import { MessageIds, type MessageId } from './message-id.ts';
import type { MessageStore, StorePorts } from './message-store.ts';
import {
  closeMessageStore,
  openMessageStore,
  readLines,
  writeTexts,
} from './message-store-recovery.ts';
import type { QueueIndex, RecoveredIndex } from './queue-index.ts';
import { QueueIndexV1, referencesOfV1 } from './queue-index-v1.ts';
import { QueueIndexV2, referencesOfV2, type IndexOptions } from './queue-index-v2.ts';
import { QueueMessages } from './queue-messages.ts';
import { queueFolder, vhostFolder } from './store-folder.ts';
import { messageStoreBehaviour, type StoreSettings } from './store-settings.ts';
import { queueRecoveredKind } from './store-trace.ts';

const RECOVERY_TERMS = 'recovery.dets';
const QUEUE_NAME_STUB = '.queue_name';

export type IndexVersion = 1 | 2;

export interface VhostStoresOptions {
  readonly vhost: string;
  readonly profile: Profile;
  readonly settings: StoreSettings;
  /** For the messages' ids. */
  readonly random: Random;
}

export class VhostStores {
  readonly store: MessageStore;
  readonly #ports: StorePorts;
  readonly #options: VhostStoresOptions;
  readonly #folder: string;
  readonly #ids: MessageIds;
  readonly #queues = new Map<string, QueueMessages>();
  /** By folder, what clean shutdowns left. */
  readonly #terms: ReadonlyMap<string, string>;
  readonly #isClean: boolean;

  constructor(ports: StorePorts, options: VhostStoresOptions) {
    const { vhost, profile, settings, random } = options;
    this.#ports = ports;
    this.#options = options;
    this.#folder = vhostFolder(vhost);
    this.#ids = new MessageIds(random);
    this.#terms = readTerms(ports, this.#folder);
    ports.disk.remove(`${this.#folder}/${RECOVERY_TERMS}`);
    ports.disk.remove(`${this.#folder}/msg_store_transient`);
    const folders = queueFolders(ports, this.#folder);
    const allClean = folders.every((folder) => this.#terms.has(folder));
    const behaviour = messageStoreBehaviour(profile, settings);
    this.store = openMessageStore(ports, behaviour, {
      folder: `${this.#folder}/msg_store_persistent`,
      clean: allClean,
      references: () => this.#references(folders),
    });
    this.#isClean = allClean;
    // What a clean shutdown left counts once: a loss of power must not bring it back.
    this.store.syncFolder();
    assert(this.store.currentFile >= 0, 'a store has a file', { vhost });
  }

  /** The messages of a queue: those that were there, or none. */
  openQueue(queue: string, version: IndexVersion): QueueMessages {
    assert(!this.#queues.has(queue), 'a queue is opened once', { queue });
    const folder = queueFolder(this.#options.vhost, queue);
    const index = this.#openIndex({ queue, folder }, version);
    const { store } = this;
    const { embedMessagesBelow } = this.#options.settings;
    const ids = this.#ids;
    const messages = new QueueMessages(this.#ports, {
      ...{ folder, index, store, ids, embedMessagesBelow },
      deleted: () => this.#queues.delete(queue),
    });
    this.#queues.set(queue, messages);
    const { recovered, dropped } = messages;
    const counts = { clean: this.#termsOf(folder) !== null, messages: recovered.length, dropped };
    this.#ports.trace.record(queueRecoveredKind, { queue, ...counts });
    return messages;
  }

  /** What is left of queues that are there no more; all others are open. */
  removeUnopened(): void {
    const { vhost } = this.#options;
    const opened = new Set([...this.#queues.keys()].map((queue) => queueFolder(vhost, queue)));
    for (const name of queueFolders(this.#ports, this.#folder)) {
      const folder = `${this.#folder}/queues/${name}`;
      if (!opened.has(folder)) this.#ports.disk.remove(folder);
    }
    assert(opened.size === this.#queues.size, 'a folder each', { queues: this.#queues.size });
  }

  /** The virtual host is gone, as its queues are. */
  delete(): void {
    assert(this.#queues.size === 0, 'its queues are gone', { queues: this.#queues.size });
    this.store.stop();
    this.#ports.disk.remove(this.#folder);
  }

  /** A clean shutdown; `done` when all is on the disk and the next start may believe it. */
  close(done: () => void): void {
    const terms: string[] = [];
    let left = this.#queues.size + 1;
    const closed = (): void => {
      left -= 1;
      assert(left >= 0, 'each closes once', { left });
      if (left > 0) return;
      closeMessageStore(this.#ports, this.store, () => {
        writeTexts(this.#ports, [[`${this.#folder}/${RECOVERY_TERMS}`, terms]], done);
      });
    };
    for (const [queue, messages] of this.#queues) {
      messages.close((of) => {
        terms.push(`${folderName(queueFolder(this.#options.vhost, queue))} ${of}`);
        closed();
      });
    }
    closed();
  }

  #openIndex(
    { queue, folder }: { readonly queue: string; readonly folder: string },
    wanted: IndexVersion,
  ): QueueIndex & { readonly recovered: RecoveredIndex } {
    const { settings, vhost } = this.#options;
    const { segmentEntries, journalEntriesMax } = settings;
    const version = versionOf(this.#ports, folder) ?? wanted;
    const stub = `VHOST: ${vhost}\nQUEUE: ${queue}\nINDEX: v${version}\n`;
    const file = this.#ports.disk.open(`${folder}/${QUEUE_NAME_STUB}`);
    const result = file.size() === 0 ? file.write(0, encodeUtf8(stub)) : 'ok';
    if (result !== 'ok') this.#ports.failed(file.path, result);
    const recovery = {
      terms: this.#termsOf(folder),
      contains: (id: MessageId) => this.store.contains(id),
    };
    const options = { queue, folder, segmentEntries };
    if (version === 2) return new QueueIndexV2(this.#ports, options, recovery);
    return new QueueIndexV1(this.#ports, { ...options, journalEntriesMax }, recovery);
  }

  #termsOf(folder: string): string | null {
    return this.#isClean ? (this.#terms.get(folderName(folder)) ?? null) : null;
  }

  /** How many queues want each message of the store. */
  #references(folders: readonly string[]): ReadonlyMap<MessageId, number> {
    const counts = new Map<MessageId, number>();
    const { segmentEntries } = this.#options.settings;
    for (const name of folders) {
      const folder = `${this.#folder}/queues/${name}`;
      const options: IndexOptions = { queue: name, folder, segmentEntries };
      const version = versionOf(this.#ports, folder);
      if (version === null) continue;
      const references = version === 1 ? referencesOfV1 : referencesOfV2;
      for (const id of references(this.#ports, options)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    assert(!counts.has(''), 'a reference has an id', {});
    return counts;
  }
}

function readTerms(ports: StorePorts, folder: string): ReadonlyMap<string, string> {
  const lines = readLines(ports.disk, `${folder}/${RECOVERY_TERMS}`) ?? [];
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}

/** Names of the queues' folders. */
function queueFolders({ disk }: StorePorts, folder: string): readonly string[] {
  const names = disk.list(`${folder}/queues`).map((path) => path.slice(0, path.indexOf('/')));
  assert(!names.includes(''), 'a folder has a name', { folder });
  return [...new Set(names)];
}

function folderName(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}

/** The version of the index whose files are there; null: there are none. */
function versionOf({ disk }: StorePorts, folder: string): IndexVersion | null {
  const names = disk.list(folder);
  if (names.some((name) => name.endsWith('.qi'))) return 2;
  return names.some((name) => name.endsWith('.idx') || name.endsWith('.jif')) ? 1 : null;
}
