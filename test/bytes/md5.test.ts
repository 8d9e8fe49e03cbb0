/** MD5 against the platform's own, at each length around the edges of a block. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { md5 } from '#engine/bytes/md5.ts';

test('md5: digests of 0 to 200 bytes are those of OpenSSL', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 0xff);
    const expected = createHash('md5').update(bytes).digest('hex');
    expect(Buffer.from(md5(bytes)).toString('hex')).toBe(expected);
  }
});
