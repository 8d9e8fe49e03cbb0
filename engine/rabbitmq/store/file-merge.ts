/**
 * Merging of two neighbouring files of the message store, until 3.12.
 *
 *     left | a | hole | b |   right | hole | c |   ->   left | a | b | c |
 *
 * What stands behind the left file's first hole is written to `N.rdt` and synced, then the left
 * file is cut at that hole; from there on it gets those messages back and then the right file's.
 * When all is synced the table learns it, and the right file goes. A crash leaves everything twice
 * rather than not at all (`message-store-recovery.ts`). Source: `rabbit_msg_store:maybe_compact`,
 * `find_files_to_combine`, `do_combine_files`.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskFile } from '../../kernel/ports.ts';
import type { GarbagePorts } from './message-store.ts';
import type { MessageId } from './message-id.ts';
import type { MessageLocation, MessageLocations } from './message-locations.ts';

export interface FilesToMerge {
  readonly left: number;
  readonly right: number;
}

interface Record {
  readonly id: MessageId;
  readonly octets: Uint8Array;
}

/**
 * The first two neighbours that fit into one file, where more than half of all octets are garbage
 * and the store is larger than two files; null: none. The current file is never one of them.
 */
export function findFilesToMerge(
  locations: MessageLocations,
  { fileSizeLimit, current }: { readonly fileSizeLimit: number; readonly current: number },
): FilesToMerge | null {
  let [valid, all] = [0, 0];
  for (const { validBytes, fileBytes } of locations.files.values()) {
    valid += validBytes;
    all += fileBytes;
  }
  assert(valid <= all, 'what is wanted is there', { valid, all });
  if (all <= 2 * fileSizeLimit || (all - valid) * 2 <= all) return null;
  const numbers = [...locations.files.keys()];
  for (let at = 0; at + 1 < numbers.length; at++) {
    const [left, right] = [numbers[at]!, numbers[at + 1]!];
    if (right === current) return null;
    const [first, second] = [locations.summary(left), locations.summary(right)];
    const fits = first.validBytes + second.validBytes <= fileSizeLimit;
    const has = first.validBytes > 0 && second.validBytes > 0;
    if (fits && has && !first.locked && !second.locked) return { left, right };
  }
  return null;
}

/** Merges; `done` when the left file has all and the right one can go. */
export function mergeFiles(
  ports: GarbagePorts,
  { left, right }: FilesToMerge,
  done: () => void,
): void {
  const { locations, disk } = ports;
  for (const file of [left, right]) locations.summary(file).locked = true;
  const file = disk.open(ports.path(left));
  const { contiguous, rest } = messagesBehindFirstHole(ports, left, file);
  const moved = messagesOf(ports, right).map(([id, { offset, size }]) => ({
    ...{ id, octets: disk.open(ports.path(right)).read(offset, size).slice() },
  }));
  const temporary = rest.length === 0 ? null : temporaryPath(ports.path(left));
  const finish = (): void => {
    const records = [...rest, ...moved];
    fill(ports, file, { from: contiguous, records }, (placed, end) => {
      for (const [id, offset] of placed) locations.move(id, { file: left, offset });
      const summary = locations.summary(left);
      summary.fileBytes = end;
      for (const one of [left, right]) locations.summary(one).locked = false;
      assert(locations.summary(right).validBytes === 0, 'all of it has moved', { right });
      if (temporary !== null) disk.remove(temporary);
      done();
    });
  };
  if (temporary === null) finish();
  else fill(ports, disk.open(temporary), { from: 0, records: rest }, finish);
}

/** `3.rdq` -> `3.rdt`. */
export function temporaryPath(path: string): string {
  assert(path.endsWith('.rdq'), 'a file of the store', { path });
  return `${path.slice(0, -1)}t`;
}

function messagesOf(ports: GarbagePorts, file: number): [MessageId, MessageLocation][] {
  const found = [...ports.locations.messages].filter(([, of]) => of.file === file);
  return found.sort(([, first], [, second]) => first.offset - second.offset);
}

function messagesBehindFirstHole(
  ports: GarbagePorts,
  left: number,
  file: DiskFile,
): { readonly contiguous: number; readonly rest: readonly Record[] } {
  let contiguous = 0;
  const rest: Record[] = [];
  for (const [id, { offset, size }] of messagesOf(ports, left)) {
    if (offset === contiguous) contiguous += size;
    else rest.push({ id, octets: file.read(offset, size).slice() });
  }
  assert(contiguous <= file.size(), 'within the file', { left, contiguous });
  return { contiguous, rest };
}

/** Cuts the file, appends the messages, and syncs it. */
function fill(
  ports: GarbagePorts,
  file: DiskFile,
  { from, records }: { readonly from: number; readonly records: readonly Record[] },
  done: (placed: ReadonlyMap<MessageId, number>, end: number) => void,
): void {
  const placed = new Map<MessageId, number>();
  file.truncate(from);
  let end = from;
  for (const { id, octets } of records) {
    ports.cost.charge('append', octets.length);
    const result = file.write(end, octets);
    if (result !== 'ok') ports.failed(file.path, result);
    if (result !== 'ok') return;
    placed.set(id, end);
    end += octets.length;
  }
  ports.cost.charge('syscall', 2);
  file.sync((result) => {
    if (result === 'ok') done(placed, end);
    else ports.failed(file.path, result);
  });
}
