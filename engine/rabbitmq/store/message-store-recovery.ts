/**
 * How a message store is there again after a start.
 *
 * A clean shutdown left its tables: `msg_store_index.ets`, `file_summary.ets` and, as the last
 * one, `clean.dot`; they are read, and removed, so that they count once. Otherwise the queues'
 * indexes say which messages are wanted and how often, and all files are searched for them: what
 * nobody wants is a hole, what is wanted and not found is lost, and a file of holes goes. Counts
 * are not on disk. A merge that was under way is completed from its `.rdt`. Source:
 * `rabbit_msg_store:init`, `build_index`, `recover_crashed_compactions`, `terminate`. Differs: the
 * tables are texts, a line an entry; there they are dumps of ETS tables and terms.
 */
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import type { Disk } from '../../kernel/ports.ts';
import { temporaryPath } from './file-merge.ts';
import type { MessageId } from './message-id.ts';
import { MessageLocations } from './message-locations.ts';
import { MessageStore, rdqPath, type StorePorts } from './message-store.ts';
import { type FoundRecord, scanRecords } from './rdq-file.ts';
import type { MessageStoreBehaviour } from './store-settings.ts';
import { storeRecoveredKind } from './store-trace.ts';

const CLEAN_FILE = 'clean.dot';
const SUMMARY_FILE = 'file_summary.ets';
const INDEX_FILE = 'msg_store_index.ets';

export interface StoreRecovery {
  readonly folder: string;
  /** Whether all queues were shut down cleanly, too: else the store's own tables do not count. */
  readonly clean: boolean;
  /** How many queues want each message, as their indexes say. */
  references(): ReadonlyMap<MessageId, number>;
}

/** Opens a store: a new one, or what the last incarnation left. */
export function openMessageStore(
  ports: StorePorts,
  behaviour: MessageStoreBehaviour,
  recovery: StoreRecovery,
): MessageStore {
  const { folder } = recovery;
  const saved = recovery.clean ? readTables(ports.disk, folder) : null;
  for (const name of [CLEAN_FILE, SUMMARY_FILE, INDEX_FILE]) ports.disk.remove(`${folder}/${name}`);
  const locations = saved ?? rebuild(ports, behaviour, recovery);
  if (locations.files.size === 0) {
    locations.addFile(0, { validBytes: 0, fileBytes: 0, locked: false });
  }
  const store = new MessageStore(ports, behaviour, { folder, locations });
  cutCurrentFile(ports.disk, store);
  let bytes = 0;
  for (const { fileBytes } of locations.files.values()) bytes += fileBytes;
  const messages = locations.messages.size;
  const clean = saved !== null;
  ports.trace.record(storeRecoveredKind, { folder, clean, messages, bytes });
  return store;
}

/** Closes a store and leaves its tables for the next start. */
export function closeMessageStore(ports: StorePorts, store: MessageStore, done: () => void): void {
  const { folder, locations } = store;
  store.close(() => {
    const files = [...locations.files].map(([file, of]) =>
      [file, of.validBytes, of.fileBytes].join(' '),
    );
    const messages = [...locations.messages].map(([id, of]) =>
      [id, of.refCount, of.file, of.offset, of.size].join(' '),
    );
    assert(files.length > 0, 'a store has a file', { folder });
    writeTexts(
      ports,
      [
        [`${folder}/${INDEX_FILE}`, messages],
        [`${folder}/${SUMMARY_FILE}`, files],
        [`${folder}/${CLEAN_FILE}`, [`${files.length} ${messages.length}`]],
      ],
      done,
    );
  });
}

type Text = readonly [path: string, lines: readonly string[]];

/** Writes and syncs them one after another. */
export function writeTexts(ports: StorePorts, texts: readonly Text[], done: () => void): void {
  const [first, ...others] = texts;
  if (first === undefined) {
    done();
    return;
  }
  const [path, lines] = first;
  const octets = encodeUtf8(lines.map((line) => `${line}\n`).join(''));
  const file = ports.disk.open(path);
  file.truncate(0);
  const result = file.write(0, octets);
  ports.cost.charge('append', octets.length);
  if (result !== 'ok') {
    ports.failed(path, result);
    return;
  }
  file.sync((synced) => {
    if (synced === 'ok') writeTexts(ports, others, done);
    else ports.failed(path, synced);
  });
}

export function readLines(disk: Disk, path: string): readonly string[] | null {
  if (!disk.exists(path)) return null;
  const file = disk.open(path);
  const text = decodeUtf8(file.read(0, file.size()).slice());
  return text === '' ? [] : text.slice(0, -1).split('\n');
}

function readTables(disk: Disk, folder: string): MessageLocations | null {
  const [counts] = readLines(disk, `${folder}/${CLEAN_FILE}`) ?? [];
  const files = readLines(disk, `${folder}/${SUMMARY_FILE}`);
  const messages = readLines(disk, `${folder}/${INDEX_FILE}`);
  if (files === null || messages === null) return null;
  if (counts !== `${files.length} ${messages.length}`) return null;
  const locations = new MessageLocations();
  for (const line of files) {
    const [file, , fileBytes] = line.split(' ').map(Number) as [number, number, number];
    locations.addFile(file, { validBytes: 0, fileBytes, locked: false });
  }
  for (const line of messages) {
    const [id, ...numbers] = line.split(' ') as [string, ...string[]];
    const [refCount, file, offset, size] = numbers.map(Number) as [number, number, number, number];
    const { fileBytes } = locations.summary(file);
    locations.add(id, { refCount, file, offset, size });
    locations.summary(file).fileBytes = fileBytes;
  }
  assert(locations.files.size === files.length, 'each file once', { folder });
  return locations;
}

// ------------------------------------------------------------------------------------- rebuilding

function rebuild(
  ports: StorePorts,
  behaviour: MessageStoreBehaviour,
  { folder, references }: StoreRecovery,
): MessageLocations {
  const wanted = references();
  const locations = new MessageLocations();
  const names = ports.disk.list(folder).filter((name) => name.endsWith('.rdq'));
  const files = names.map((name) => Number(name.slice(0, -'.rdq'.length)));
  files.sort((left, right) => left - right);
  const last = files.at(-1);
  for (const file of files) {
    completeMerge(ports, rdqPath(folder, file), wanted);
    const records = searchFile(
      ports,
      behaviour,
      rdqPath(folder, file),
      (id) => wanted.has(id) && locations.find(id) === undefined,
    );
    if (records.length === 0 && file !== last) {
      ports.disk.remove(rdqPath(folder, file));
      continue;
    }
    locations.addFile(file, { validBytes: 0, fileBytes: 0, locked: false });
    for (const { id, offset, size } of records) {
      locations.add(id, { refCount: wanted.get(id)!, file, offset, size });
    }
  }
  assert(locations.messages.size <= wanted.size, 'what nobody wants is not there', { folder });
  return locations;
}

function searchFile(
  { disk, cost }: StorePorts,
  { scanDropsTail: dropsTail }: MessageStoreBehaviour,
  path: string,
  isWanted: (id: MessageId) => boolean,
): readonly FoundRecord[] {
  const file = disk.open(path);
  const bytes = file.read(0, file.size()).slice();
  cost.charge('syscall', 1);
  cost.charge('read', bytes.length);
  const seen = new Set<MessageId>();
  const judge = ({ id }: FoundRecord): 'wanted' | 'no' => {
    if (seen.has(id) || !isWanted(id)) return 'no';
    seen.add(id);
    return 'wanted';
  };
  return scanRecords(bytes, judge, { dropsTail });
}

/** What a merge had put aside and the left file lacks is appended to it, and then forgotten. */
function completeMerge(
  ports: StorePorts,
  path: string,
  wanted: ReadonlyMap<MessageId, number>,
): void {
  const aside = temporaryPath(path);
  if (!ports.disk.exists(aside)) return;
  const everything = { scanDropsTail: false } as MessageStoreBehaviour;
  const kept = searchFile(ports, everything, path, (id) => wanted.has(id));
  const known = new Set(kept.map(({ id }) => id));
  const file = ports.disk.open(path);
  const last = kept.at(-1);
  let end = last === undefined ? 0 : last.offset + last.size;
  file.truncate(end);
  for (const { id, offset, size } of searchFile(ports, everything, aside, (of) => wanted.has(of))) {
    if (known.has(id)) continue;
    const result = file.write(end, ports.disk.open(aside).read(offset, size).slice());
    if (result !== 'ok') {
      ports.failed(path, result);
      return;
    }
    end += size;
  }
  assert(end === file.size(), 'nothing stands behind', { path, end });
  file.sync((result) => {
    if (result === 'ok') ports.disk.remove(aside);
    else ports.failed(path, result);
  });
}

/** Octets behind the last message of the current file are a write that a crash tore. */
function cutCurrentFile(disk: Disk, { folder, currentFile, locations }: MessageStore): void {
  const file = disk.open(rdqPath(folder, currentFile));
  const { fileBytes } = locations.summary(currentFile);
  if (file.size() > fileBytes) file.truncate(fileBytes);
  else locations.summary(currentFile).fileBytes = Math.min(fileBytes, file.size());
  assert(file.size() <= fileBytes, 'what follows is appended there', { fileBytes });
}
