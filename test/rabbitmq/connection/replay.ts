/**
 * Plays the client's part of a recorded conversation on a socket, and gives what the broker said:
 * the octets of each frame, in hexadecimal, confirms apart.
 */
import { connect } from 'node:net';

interface Line {
  readonly side: string;
  readonly octets: Buffer;
}

interface Confirm {
  readonly number: number;
  readonly multiple: boolean;
}

interface Replayed {
  readonly said: readonly string[];
  readonly confirms: readonly Confirm[];
}

/** `C` and `S` lines of a recording. */
export function linesOf(recorded: string): readonly Line[] {
  const lines = recorded.trimEnd().split('\n');
  return lines.map((line) => ({
    side: line.slice(0, 1),
    octets: Buffer.from(line.slice(2), 'hex'),
  }));
}

const CONFIRM = '003c0050';

/** A confirm: how many of them are sent together is a matter of the moment. */
export const isConfirm = (octets: Buffer): boolean =>
  octets[0] === 1 && octets.subarray(7, 11).toString('hex') === CONFIRM;

/** Sends a frame of the client when all frames of the broker before it have been answered. */
export function replay(port: number, lines: readonly Line[]): Promise<Replayed> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const confirms: Confirm[] = [];
    let at = 0;
    let due = 0;
    let kept = Buffer.alloc(0);
    const socket = connect(port, '127.0.0.1');
    const goOn = (): void => {
      for (; at < lines.length; at++) {
        const { side, octets } = lines[at]!;
        if (side === 'S') due += isConfirm(octets) ? 0 : 1;
        else if (said.length < due) return;
        else socket.write(octets);
      }
      if (said.length < due) return;
      socket.end();
      resolve({ said, confirms });
    };
    socket.on('connect', goOn);
    socket.on('data', (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      while (kept.length >= 7 && kept.length >= kept.readUInt32BE(3) + 8) {
        const size = kept.readUInt32BE(3) + 8;
        const frame = kept.subarray(0, size);
        if (!isConfirm(frame)) said.push(frame.toString('hex'));
        else
          confirms.push({ number: Number(frame.readBigUInt64BE(11)), multiple: frame[19] === 1 });
        kept = kept.subarray(size);
      }
      goOn();
    });
    socket.on('close', () => resolve({ said, confirms }));
    socket.on('error', reject);
  });
}
