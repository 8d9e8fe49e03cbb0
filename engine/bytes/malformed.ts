/**
 * What a reader throws at bytes that cannot be what they claim to be: a length beyond the end, an
 * overlong varint, a null where none may be.
 *
 * It never leaves the wire layer: the codec of a connection turns it into a violation, the reader
 * of a record batch into a problem value. Bugs of ours are assertions (`kernel/assert.ts`), not
 * this.
 */
export class Malformed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Malformed';
  }
}
