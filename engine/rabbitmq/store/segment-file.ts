/**
 * A segment file of version 2: a header, and what stands at fixed places behind it.
 *
 *     magic uint32 | version octet | first position uint64 | position behind the last uint64 | 0...
 *
 * Not here: the entries (`queue-index-v2.ts`, `queue-store-v2.ts`).
 */
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { assert } from '../../kernel/assert.ts';
import type { DiskFile } from '../../kernel/ports.ts';
import type { StorePorts } from './message-store.ts';

const VERSION = 2;
export const SEGMENT_HEADER_BYTES = 64;

export interface SegmentKind {
  /** `RCQI` or `RCQS`. */
  readonly magic: number;
  readonly extension: '.qi' | '.qs';
}

/** The file of a segment, with its header; what is new is written. */
export function openSegment(
  ports: StorePorts,
  kind: SegmentKind,
  of: { readonly folder: string; readonly segment: number; readonly segmentEntries: number },
): DiskFile {
  const file = ports.disk.open(`${of.folder}/${of.segment}${kind.extension}`);
  if (file.size() > 0) return file;
  const first = of.segment * of.segmentEntries;
  const writer = new Writer(SEGMENT_HEADER_BYTES);
  writer.uint32(kind.magic);
  writer.int8(VERSION);
  writer.int64(first);
  writer.int64(first + of.segmentEntries);
  writer.raw(new Uint8Array(SEGMENT_HEADER_BYTES - writer.length));
  assert(writer.length === SEGMENT_HEADER_BYTES, 'a header', { segment: of.segment });
  writeAt(ports, file, 0, writer.finish());
  return file;
}

/** Whether the file begins with the header of its kind: a crash may have left another. */
export function hasHeader(file: DiskFile, { magic }: SegmentKind): boolean {
  const header = file.read(0, SEGMENT_HEADER_BYTES).slice();
  if (header.length < SEGMENT_HEADER_BYTES) return false;
  const reader = new Reader(header);
  return reader.uint32() === magic && reader.int8() === VERSION;
}

/** Writes at a place that may be behind the end: what lies between is zeros. */
export function writeAt(
  ports: StorePorts,
  file: DiskFile,
  position: number,
  octets: Uint8Array,
): void {
  const end = file.size();
  let [at, all] = [position, octets];
  if (end < position) {
    all = new Uint8Array(position - end + octets.length);
    all.set(octets, position - end);
    at = end;
  }
  ports.cost.charge('syscall', 1);
  ports.cost.charge('append', octets.length);
  const result = file.write(at, all);
  if (result !== 'ok') ports.failed(file.path, result);
}

/** Numbers of the folder's segments of a kind, in rising order. */
export function segmentsIn(ports: StorePorts, folder: string, extension: string): number[] {
  const names = ports.disk.list(folder).filter((name) => name.endsWith(extension));
  const numbers = names.map((name) => Number(name.slice(0, -extension.length)));
  assert(numbers.every(Number.isInteger), 'a segment has a number', { folder, extension });
  return numbers.sort((left, right) => left - right);
}
