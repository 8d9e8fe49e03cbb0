/**
 * Random streams seeded by the operating system: the kernel's generator, so that a process draws
 * in the same way in any world, from a seed that nobody knows.
 */
import { randomBytes } from 'node:crypto';
import type { Random } from '../../kernel/ports.ts';
import { randomStream } from '../../kernel/random.ts';

/** Gives one stream a purpose; the same purpose gives the same stream again. */
export function realRandom(): (purpose: string) => Random {
  const seed = randomBytes(6).readUIntBE(0, 6);
  const streams = new Map<string, Random>();
  return (purpose) => {
    let stream = streams.get(purpose);
    if (stream === undefined) {
      stream = randomStream(seed, purpose);
      streams.set(purpose, stream);
    }
    return stream;
  };
}
