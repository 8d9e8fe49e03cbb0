/**
 * A message store's two tables: for each message where it is and how many queues want it, and for
 * each file how many of its octets are messages that somebody wants.
 *
 * What is removed leaves a hole: only the sum of its file changes. Not here: the files' octets.
 * Source: `rabbit_msg_store`, the ETS tables of `msg_location` and `file_summary`. Differs: a
 * message that nobody wants is forgotten at once; there it can be wanted again until its file
 * rolls.
 */
import { assert, present } from '../../kernel/assert.ts';
import type { MessageId } from './message-id.ts';

export interface MessageLocation {
  refCount: number;
  file: number;
  offset: number;
  /** Octets of the record. */
  readonly size: number;
}

export interface FileSummary {
  /** Octets of records that are wanted. */
  validBytes: number;
  fileBytes: number;
  /** It is being merged or compacted. */
  locked: boolean;
}

export class MessageLocations {
  readonly #messages = new Map<MessageId, MessageLocation>();
  /** By number, in rising order. */
  readonly #files = new Map<number, FileSummary>();

  get messages(): ReadonlyMap<MessageId, MessageLocation> {
    return this.#messages;
  }

  get files(): ReadonlyMap<number, FileSummary> {
    return this.#files;
  }

  find(id: MessageId): MessageLocation | undefined {
    return this.#messages.get(id);
  }

  summary(file: number): FileSummary {
    return present(this.#files.get(file), 'the file is known');
  }

  /** A file behind all others. */
  addFile(file: number, summary: FileSummary): void {
    const last = [...this.#files.keys()].at(-1) ?? -1;
    assert(file > last, 'files are numbered in order', { file, last });
    this.#files.set(file, summary);
  }

  removeFile(file: number): void {
    assert(this.summary(file).validBytes === 0, 'nobody wants what is in it', { file });
    this.#files.delete(file);
  }

  /** A message is at the end of a file now. */
  add(id: MessageId, location: MessageLocation): void {
    assert(!this.#messages.has(id), 'a message is stored once', { id });
    this.#messages.set(id, location);
    const summary = this.summary(location.file);
    summary.validBytes += location.size;
    summary.fileBytes = Math.max(summary.fileBytes, location.offset + location.size);
  }

  /** One queue fewer wants it; gives the file that has a hole now, or null. */
  removeReference(id: MessageId): number | null {
    const location = present(this.#messages.get(id), 'a message that is removed is stored');
    assert(location.refCount > 0, 'somebody wants it', { id });
    location.refCount -= 1;
    if (location.refCount > 0) return null;
    this.#messages.delete(id);
    const summary = this.summary(location.file);
    summary.validBytes -= location.size;
    assert(summary.validBytes >= 0, 'octets are counted', { file: location.file });
    return location.file;
  }

  /** It is elsewhere now; of a message that was removed meanwhile, nothing happens. */
  move(id: MessageId, to: { readonly file: number; readonly offset: number }): void {
    const location = this.#messages.get(id);
    if (location === undefined) return;
    this.summary(location.file).validBytes -= location.size;
    this.summary(to.file).validBytes += location.size;
    location.file = to.file;
    location.offset = to.offset;
  }
}
