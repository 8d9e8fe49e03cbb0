/**
 * Compaction of one file of the message store in place, since 3.13.
 *
 *     | a | hole | b | hole | c |   ->   | a | c | b |
 *
 * The holes are blanked; then the last message moves into the first hole that it fits into, and so
 * on; the moves are synced, the table learns them, and only then the file is cut behind the last.
 * A hole that is smaller than the last message stays. The messages are those that a scan of the
 * file finds: what it misses is cut (gallery 23). Not here: which file, and when
 * (`message-store.ts`). Source: `rabbit_msg_store:compact_file`, `do_compact_file`,
 * `truncate_file`. Differs: nobody reads meanwhile, so the cut does not wait.
 */
import { assert } from '../../kernel/assert.ts';
import type { DiskFile } from '../../kernel/ports.ts';
import type { GarbagePorts } from './message-store.ts';
import { type FoundRecord, scanRecords } from './rdq-file.ts';

interface Moved {
  readonly id: string;
  readonly offset: number;
}

/** Compacts the file; `done` when its table says so. */
export function compactFile(
  ports: GarbagePorts,
  { file: number, dropsTail }: { readonly file: number; readonly dropsTail: boolean },
  done: () => void,
): void {
  const { locations } = ports;
  const summary = locations.summary(number);
  assert(!summary.locked, 'one compaction at a time', { number });
  summary.locked = true;
  const file = ports.disk.open(ports.path(number));
  const bytes = file.read(0, file.size()).slice();
  ports.cost.charge('read', bytes.length);
  const judge = ({ id, offset }: FoundRecord): 'wanted' | 'no' => {
    const location = locations.find(id);
    return location?.file === number && location.offset === offset ? 'wanted' : 'no';
  };
  const records = scanRecords(bytes, judge, { dropsTail });
  const written = blankHoles(ports, file, records);
  const { moves, end } = written ? moveIntoHoles(ports, file, records) : { moves: [], end: 0 };
  file.sync((result) => {
    summary.locked = false;
    if (result !== 'ok') {
      ports.failed(file.path, result);
      return;
    }
    for (const { id, offset } of moves) locations.move(id, { file: number, offset });
    ports.cost.charge('syscall', 2);
    assert(end <= summary.fileBytes, 'a compacted file is no longer', { number, end });
    // Where nothing was found the file is left to be deleted.
    if (end > 0) {
      file.truncate(end);
      summary.fileBytes = end;
    }
    done();
  });
}

/** So that no octets of what was removed look like a message. False: the disk refused. */
function blankHoles(ports: GarbagePorts, file: DiskFile, records: readonly FoundRecord[]): boolean {
  let end = 0;
  for (const { offset, size } of records) {
    assert(offset >= end, 'records are in order', { offset, end });
    if (offset > end && !write(ports, file, end, new Uint8Array(offset - end))) return false;
    end = offset + size;
  }
  return true;
}

/** Moves the last messages into the holes, and gives where the file ends then. */
function moveIntoHoles(
  ports: GarbagePorts,
  file: DiskFile,
  records: readonly FoundRecord[],
): { readonly moves: readonly Moved[]; readonly end: number } {
  const moves: Moved[] = [];
  let hole = 0;
  let first = 0;
  let last = records.length - 1;
  while (first <= last) {
    const start = records[first]!;
    const moving = records[last]!;
    if (moving.size <= start.offset - hole) {
      write(ports, file, hole, file.read(moving.offset, moving.size).slice());
      moves.push({ id: moving.id, offset: hole });
      hole += moving.size;
      last -= 1;
    } else {
      hole = start.offset + start.size;
      first += 1;
    }
  }
  assert(moves.length <= records.length, 'each moves once', { moves: moves.length });
  return { moves, end: hole };
}

function write(ports: GarbagePorts, file: DiskFile, at: number, octets: Uint8Array): boolean {
  ports.cost.charge('syscall', 1);
  ports.cost.charge('append', octets.length);
  const result = file.write(at, octets);
  if (result !== 'ok') ports.failed(file.path, result);
  return result === 'ok';
}
